//! Figures for Prometheus: what the parts count, and how the store stands at the moment of asking.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use tokio_util::sync::CancellationToken;

use super::trouble;
use crate::app::App;
use crate::domain::store::StoreResult;

/// Seconds from a quick answer to one that nobody waits for.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

static STARTED: OnceLock<Option<(PrometheusHandle, Collector)>> = OnceLock::new();

/// Begins to count. A second start in one process keeps the first.
pub fn start() {
    STARTED.get_or_init(|| {
        let built = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_duration_seconds".to_owned()), &BUCKETS)
            .and_then(PrometheusBuilder::install_recorder);
        let handle = match built {
            Ok(handle) => handle,
            Err(error) => {
                tracing::error!(%error, "nothing is counted: /metrics stays empty");
                return None;
            }
        };
        let process = Collector::default();
        process.describe();
        describe();
        let commit = option_env!("FLOW_COMMIT").unwrap_or("unknown");
        metrics::gauge!("flow_build_info", "version" => env!("CARGO_PKG_VERSION"), "commit" => commit).set(1.0);
        Some((handle, process))
    });
}

/// What histograms have taken in is put into their buckets now and then: until then every measurement is kept.
const UPKEEP: Duration = Duration::from_secs(2);

/// Keeps the figures small until the stop.
///
/// # Errors
/// Never by itself.
pub async fn run(stop: CancellationToken) -> Result<(), String> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(UPKEEP) => {}
        }
        if let Some(Some((handle, _))) = STARTED.get() {
            handle.run_upkeep();
        }
    }
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!("flow_http_requests_total", "Requests answered");
    describe_histogram!("flow_http_request_duration_seconds", "Time to answer a request");
    describe_counter!("flow_inbound_messages_total", "Messages of clients stored");
    describe_counter!("flow_inbound_duplicates_total", "Messages and events that had come before");
    describe_counter!("flow_inbound_ignored_total", "Events of channels that are not for us");
    describe_counter!("flow_outbound_messages_total", "Tries to carry a part of a message, by outcome");
    describe_counter!("flow_webhook_rejected_total", "Calls of channels that were refused or unreadable");
    describe_counter!("flow_buttons_refused_total", "Presses that carried what we did not make");
    describe_counter!("flow_jobs_failed_total", "Tries of jobs that failed");
    describe_histogram!("flow_turn_duration_seconds", "Time of a turn by stage");
    describe_counter!("flow_session_copies_total", "Looks for a dialogue's copy in Redis, by outcome");
    describe_counter!("flow_handoffs_total", "Hand-overs to a person, by reason");
    describe_counter!("flow_bookings_total", "Bookings, by outcome");
    describe_histogram!("flow_db_query_duration_seconds", "Time of an operation of the store, by op: read, write");
    describe_counter!("flow_crm_requests_total", "Calls of the CRM, by outcome");
    describe_gauge!("flow_channel_up", "1 while the channel answers and delivers, 0 in trouble");
    describe_gauge!("flow_channel_pending", "Updates that wait at the channel");
    describe_gauge!("flow_channel_last_error_age_seconds", "Age of the channel's last failed call of us");
    describe_gauge!("flow_outbox_depth", "Jobs that wait, by class of lanes");
    describe_gauge!("flow_outbox_oldest_seconds", "Age of the oldest message that waits to be carried");
    describe_gauge!("flow_outbox_unknown", "Parts of messages of which nobody knows whether they went out");
    describe_gauge!("flow_outbox_failed", "Parts of messages that the channel refused");
    describe_gauge!("flow_jobs_dead", "Jobs given up");
    describe_gauge!("flow_jobs_oldest_seconds", "Age of the oldest job that waits");
}

/// Everything in the text format; nothing when counting could not begin.
///
/// # Errors
/// When the store cannot say how it stands.
pub async fn render(app: &App) -> StoreResult<Option<String>> {
    start();
    let Some(Some((handle, process))) = STARTED.get() else { return Ok(None) };
    let age = |at: Option<jiff::Timestamp>| at.map_or(0.0, |at| app.now().duration_since(at).as_secs_f64().max(0.0));
    let queue = app.store.queue_stats().await?;
    let outbox = app.store.outbox_stats().await?;
    // A class that has emptied must not stay at its last figure.
    for class in known_classes(app) {
        metrics::gauge!("flow_outbox_depth", "kind" => class).set(0.0);
    }
    for class in app.store.class_stats().await? {
        metrics::gauge!("flow_outbox_depth", "kind" => class.class).set(class.pending as f64);
    }
    for messenger in app.messengers.values() {
        let is_well = trouble::of(app, &**messenger).await?.is_none();
        let up = if is_well { 1.0 } else { 0.0 };
        metrics::gauge!("flow_channel_up", "channel" => messenger.channel().as_str()).set(up);
    }
    metrics::gauge!("flow_outbox_oldest_seconds").set(age(outbox.oldest));
    metrics::gauge!("flow_outbox_unknown").set(outbox.unknown as f64);
    metrics::gauge!("flow_outbox_failed").set(outbox.failed as f64);
    metrics::gauge!("flow_jobs_dead").set(queue.dead as f64);
    metrics::gauge!("flow_jobs_oldest_seconds").set(age(queue.oldest));
    process.collect();
    handle.run_upkeep();
    Ok(Some(handle.render()))
}

fn known_classes(app: &App) -> Vec<String> {
    let crms = app.crms.keys().map(|connection| format!("crm:{connection}"));
    let channels = app.messengers.keys().map(|channel| format!("out:{channel}"));
    std::iter::once("conv".to_owned()).chain(crms).chain(channels).collect()
}

//! Compares what came with what was expected.

use jiff::Timestamp;

use super::play::{Performance, Played, Standing};
use super::scenario::{End, Reply, Scenario, Visit};
use crate::domain::text::fold;

/// Every expectation that was not met, in the order of the scenario.
pub(super) fn failures(scenario: &Scenario, performance: &Performance) -> Vec<String> {
    let mut found = Vec::new();
    for (index, (turn, played)) in scenario.turns.iter().zip(&performance.turns).enumerate() {
        if let Some(problem) = &played.problem {
            found.push(format!("turn {}: {problem}", index + 1));
        }
        found.extend(reply_failures(&turn.expect, played).into_iter().map(|f| format!("turn {}: {f}", index + 1)));
    }
    found.extend(end_failures(&scenario.expect, performance).into_iter().map(|f| format!("end: {f}")));
    found
}

fn reply_failures(expect: &Reply, played: &Played) -> Vec<String> {
    let heard = heard(played);
    let missing = |wanted: &String| !heard.contains(&fold(wanted));
    let mut found = Vec::new();
    if let Some(state) = expect.state
        && state != played.state
    {
        found.push(format!("expected state {state}, got {}", played.state));
    }
    if expect.state_none.contains(&played.state) {
        found.push(format!("the state must not be {}", played.state));
    }
    for wanted in expect.reply_all.iter().filter(|wanted| missing(wanted)) {
        found.push(format!("expected `{wanted}` in the reply"));
    }
    if !expect.reply_any.is_empty() && expect.reply_any.iter().all(missing) {
        found.push(format!("expected one of [{}] in the reply", expect.reply_any.join(", ")));
    }
    for unwanted in expect.reply_none.iter().filter(|unwanted| !missing(unwanted)) {
        found.push(format!("`{unwanted}` must not be in the reply"));
    }
    found
}

/// Texts and button titles, folded as the expectations are.
fn heard(played: &Played) -> String {
    let mut text = String::new();
    for (reply, buttons) in &played.replies {
        text.push_str(&fold(reply));
        text.push('\n');
        for button in buttons {
            text.push_str(&fold(&button.text));
            text.push('\n');
        }
    }
    text
}

fn end_failures(expect: &End, performance: &Performance) -> Vec<String> {
    let mut found = Vec::new();
    let state = performance.turns.last().map(|played| played.state);
    if let (Some(wanted), Some(state)) = (expect.state, state)
        && wanted != state
    {
        found.push(format!("expected state {wanted}, got {state}"));
    }
    if let Some(state) = state
        && expect.state_none.contains(&state)
    {
        found.push(format!("the state must not be {state}"));
    }
    if let Some(wanted) = expect.handed_over
        && wanted != performance.handed_over
    {
        found.push(format!("expected handed_over = {wanted}, got {}", performance.handed_over));
    }
    if let Some(wanted) = expect.lead_status
        && performance.lead_status != Some(wanted)
    {
        let got = performance.lead_status.map_or("no lead", |status| status.as_str());
        found.push(format!("expected lead status {wanted}, got {got}"));
    }
    if let Some(wanted) = &expect.appointments
        && !same_visits(wanted, &performance.appointments)
    {
        let got: Vec<String> = performance.appointments.iter().map(standing).collect();
        let wanted: Vec<String> = wanted.iter().map(visit).collect();
        found.push(format!("expected appointments [{}], got [{}]", wanted.join("; "), got.join("; ")));
    }
    found
}

/// The whole set, in any order; an employee that is not named may be anybody.
fn same_visits(wanted: &[Visit], got: &[Standing]) -> bool {
    let mut left: Vec<&Standing> = got.iter().collect();
    // Those that name an employee choose first, so that a looser one does not take theirs.
    let mut ordered: Vec<&Visit> = wanted.iter().collect();
    ordered.sort_by_key(|visit| visit.employee.is_none());
    let all_found = ordered.iter().all(|visit| {
        let fits = |standing: &&Standing| {
            standing.service == visit.service
                && standing.start == visit.start
                && (visit.employee.is_none() || standing.employee == visit.employee)
        };
        let position = left.iter().position(fits);
        position.map(|index| left.swap_remove(index)).is_some()
    });
    all_found && left.is_empty()
}

fn visit(visit: &Visit) -> String {
    line(&visit.service, visit.employee.as_deref(), visit.start)
}

fn standing(standing: &Standing) -> String {
    line(&standing.service, standing.employee.as_deref(), standing.start)
}

fn line(service: &str, employee: Option<&str>, start: Timestamp) -> String {
    format!("{service} with {} at {start}", employee.unwrap_or("anybody"))
}

/// The dialogue as it went, for a person who looks at a failure.
pub(super) fn transcript(performance: &Performance) -> String {
    let mut text = String::new();
    for (index, played) in performance.turns.iter().enumerate() {
        text.push_str(&format!("{:>2} client: {}\n", index + 1, played.said));
        for (reply, buttons) in &played.replies {
            text.push_str(&format!("   flow:   {}\n", reply.replace('\n', "\n           ")));
            if !buttons.is_empty() {
                let titles: Vec<String> = buttons.iter().map(|button| format!("[{}]", button.text)).collect();
                text.push_str(&format!("           {}\n", titles.join(" ")));
            }
        }
        text.push_str(&format!("   state:  {}\n", played.state));
    }
    text
}

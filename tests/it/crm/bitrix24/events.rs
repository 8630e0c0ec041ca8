//! What the portal tells by itself, and OAuth.

use flow::adapters::crm::bitrix24::stand_in::{APPLICATION_TOKEN, Oauth, Portal};
use flow::domain::crm::{HookCall, HookRefusal, HookSubject};
use flow::domain::fault::FaultKind;
use serde_json::{Value, json};

use super::super::support::phone;
use super::Salon;

fn call(body: &str) -> HookCall {
    HookCall { body: body.as_bytes().to_vec(), ..HookCall::default() }
}

#[tokio::test(start_paused = true)]
async fn only_an_event_with_the_token_is_believed_and_only_its_id_is_read() {
    let salon = Salon::open();
    let hooks = salon.far.crm.hooks().unwrap();
    let good = format!(
        "event=ONBOOKINGUPDATE&event_handler_id=5&data%5BID%5D=15&ts=1787000000&auth%5Bapplication_token%5D={APPLICATION_TOKEN}\
         &auth%5Bdomain%5D=p.bitrix24.ru&auth%5Bmember_id%5D=a1"
    );
    let events = hooks.read(&call(&good)).unwrap();
    assert_eq!(events[0].subject, HookSubject::Appointment("15".into()));
    assert_eq!(events, hooks.read(&call(&good.replace("handler_id=5", "handler_id=6"))).unwrap(), "the same words");
    for bad in [
        good.replace(APPLICATION_TOKEN, "guess"),
        good.replace("application_token", "token"),
        "event=ONBOOKINGADD".into(),
    ] {
        assert_eq!(hooks.read(&call(&bad)).unwrap_err(), HookRefusal::Forged, "{bad}");
    }
    assert!(matches!(hooks.read(&call("")).unwrap_err(), HookRefusal::Unreadable(_)));
    assert!(matches!(
        hooks.read(&HookCall { body: vec![0xff], ..HookCall::default() }).unwrap_err(),
        HookRefusal::Unreadable(_)
    ));
    assert!(!hooks.register("https://x/hooks").await.unwrap(), "a webhook cannot subscribe");
    let without = Salon::with(
        |_| {},
        |settings| {
            settings.as_object_mut().unwrap().remove("application_token");
        },
    );
    assert_eq!(without.far.crm.hooks().unwrap().read(&call(&good)).unwrap_err(), HookRefusal::Forged);
    let member = Salon::with(|_| {}, |settings| settings["member_id"] = json!("other"));
    assert_eq!(member.far.crm.hooks().unwrap().read(&call(&good)).unwrap_err(), HookRefusal::Forged);
}

#[tokio::test(start_paused = true)]
async fn an_event_of_another_portal_is_refused() {
    let host = |settings: &mut Value| settings["webhook_url"] = json!("https://salon.bitrix24.ru/rest/1/salon0code/");
    let salon = Salon::with(|_| {}, host);
    let of = |domain: &str| {
        call(&format!(
            "event=ONCRMDEALADD&data[FIELDS][ID]=1&auth[application_token]={APPLICATION_TOKEN}&auth[domain]={domain}"
        ))
    };
    let hooks = salon.far.crm.hooks().unwrap();
    assert!(hooks.read(&of("salon.bitrix24.ru")).is_ok());
    assert_eq!(hooks.read(&of("evil.bitrix24.ru")).unwrap_err(), HookRefusal::Forged);
}

fn application(portal: &mut Portal) {
    portal.oauth = Some(Oauth {
        client_id: "local.1".into(),
        client_secret: "secret".into(),
        refresh: "refresh-0".into(),
        access: None,
        renewals: 0,
    });
}

fn keys(settings: &mut Value) {
    *settings = json!({"base_url": "http://127.0.0.1:9", "client_id": "local.1", "client_secret": "secret",
        "domain": "salon.bitrix24.ru", "refresh_token": "refresh-0", "oauth_url": "http://127.0.0.1:9",
        "duration_property": 90});
}

#[tokio::test(start_paused = true)]
async fn an_application_renews_its_token_once_and_keeps_what_it_got() {
    let salon = Salon::with(application, keys);
    let beside = salon.far.beside();
    let wanted = phone("+79161112233");
    let (one, two) = tokio::join!(
        salon.far.crm.clients().unwrap().find_by_phone(&wanted),
        beside.clients().unwrap().find_by_phone(&wanted)
    );
    assert_eq!((one.unwrap().len(), two.unwrap().len()), (1, 1));
    assert_eq!(salon.portal().oauth.as_ref().unwrap().renewals, 1, "one renewed, the other took what came of it");
    tokio::time::sleep(std::time::Duration::from_secs(3601)).await;
    let (one, two) = tokio::join!(
        salon.far.crm.clients().unwrap().find_by_phone(&wanted),
        salon.far.crm.clients().unwrap().find_by_phone(&wanted)
    );
    assert_eq!((one.unwrap().len(), two.unwrap().len()), (1, 1));
    assert_eq!(salon.portal().oauth.as_ref().unwrap().renewals, 2);
    let third = salon.far.beside();
    assert_eq!(third.clients().unwrap().find_by_phone(&wanted).await.unwrap().len(), 1);
    assert_eq!(salon.portal().oauth.as_ref().unwrap().renewals, 2, "a new process takes what is stored");
    assert!(salon.far.crm.hooks().unwrap().register("https://x/hooks").await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_spent_refresh_token_is_told_with_what_to_do() {
    let salon = Salon::with(application, |settings| {
        keys(settings);
        settings["refresh_token"] = json!("spent");
    });
    let fault = salon.far.crm.probe().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unauthorized, "{fault}");
    assert!(fault.detail.contains("authorize the application again") && !fault.detail.contains("spent "), "{fault}");
}

//! Tokens, rights, hooks: who may do what.

use flow::adapters::crm::amocrm::stand_in::{CLIENT, REFRESH};
use flow::domain::crm::{HookCall, HookRefusal, HookSubject};

use super::*;

#[tokio::test(start_paused = true)]
async fn what_is_refused_says_why() {
    let (far, _) = account(|account| account.tokens.clear(), |_| {}).await;
    assert_eq!(far.crm.probe().await.unwrap_err().kind, FaultKind::Unauthorized);

    let (far, _) = account(|account| account.denied = vec!["GET contacts", "GET users", "GET webhooks"], |_| {}).await;
    let probe = far.crm.probe().await.unwrap();
    let failed: Vec<&str> = probe.checks.iter().filter(|c| !c.ok).map(|c| c.name.as_str()).collect();
    assert_eq!(failed, ["contacts"]);
    let detail = &probe.checks.iter().find(|check| !check.ok).unwrap().detail;
    assert!(detail.contains("Контакты: просмотр") && detail.contains("Настройки"), "{detail}");

    let phone = phone("+79161112233");
    for (status, body, kind) in [
        (402, "{\"title\":\"Payment Required\",\"status\":402}", FaultKind::LicenceExpired),
        (403, "<html>nginx</html>", FaultKind::Forbidden),
        (429, "too many", FaultKind::RateLimited),
        (200, "<html>hello</html>", FaultKind::Protocol),
        (200, "{\"_embedded\":{\"contacts\":[{\"id\":", FaultKind::Protocol),
        (200, "{\"title\":\"Bad\",\"type\":\"x\",\"status\":400,\"detail\":\"no\"}", FaultKind::Rejected),
        (200, "{\"_embedded\":{\"contacts\":[{\"name\":\"x\"}]}}", FaultKind::Protocol),
    ] {
        let (far, _) = plain().await;
        far.way.next(&["contacts"], vec![Trouble::Answers(status, body.to_owned()); 2]);
        let fault = far.crm.clients().unwrap().find_by_phone(&phone).await.unwrap_err();
        assert_eq!(fault.kind, kind, "{status} {body}");
        if status == 403 {
            let next = far.crm.clients().unwrap().find_by_phone(&phone).await.unwrap_err();
            assert_eq!(next.kind, FaultKind::RateLimited, "after a ban nothing is asked");
        }
    }
    let (far, _) = plain().await;
    let limited = Trouble::Answers(429, "{\"retry_after\":2}".to_owned());
    for trouble in [limited, Trouble::Cut] {
        far.way.next(&["contacts"], [trouble.clone()]);
        let found = far.crm.clients().unwrap().find_by_phone(&phone).await.unwrap();
        assert_eq!(found.len(), 1, "{trouble:?} is waited out");
    }
}

pub fn oauth(settings: &mut Value) {
    let settings = settings.as_object_mut().unwrap();
    settings.remove("access_token");
    for (name, value) in [
        ("client_id", CLIENT.0),
        ("client_secret", CLIENT.1),
        ("redirect_uri", "https://flow.example/oauth"),
        ("refresh_token", REFRESH),
    ] {
        settings.insert(name.to_owned(), json!(value));
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_are_renewed_by_one_and_a_lost_answer_costs_nothing() {
    let (far, account) = account(|account| account.tokens.clear(), oauth).await;
    let beside = far.beside();
    let phone = phone("+79161112233");
    far.way.next(&["token"], [Trouble::AppliedThenDropped]);
    let (a, b, c) = tokio::join!(
        far.crm.clients().unwrap().find_by_phone(&phone),
        far.crm.clients().unwrap().find_by_phone(&phone),
        beside.clients().unwrap().find_by_phone(&phone),
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok(), "{a:?} {b:?} {c:?}");
    assert_eq!(account.lock().unwrap().renewals, 2, "one renewal, and the one whose answer was lost");
    account.lock().unwrap().tokens.clear();
    assert!(far.crm.clients().unwrap().find_by_phone(&phone).await.is_ok(), "a refused token is renewed once");
    assert!(beside.clients().unwrap().find_by_phone(&phone).await.is_ok());
    assert_eq!(account.lock().unwrap().renewals, 3, "what one renewed serves the other");
    tokio::time::sleep(std::time::Duration::from_secs(86_400 - 200)).await;
    assert!(far.crm.clients().unwrap().find_by_phone(&phone).await.is_ok());
    assert_eq!(account.lock().unwrap().renewals, 4, "a token is renewed before it ends");
    {
        let mut lost = account.lock().unwrap();
        lost.tokens.clear();
        lost.refresh = ("another".to_owned(), None);
    }
    let fault = far.crm.clients().unwrap().find_by_phone(&phone).await.unwrap_err();
    assert!(fault.kind == FaultKind::Unauthorized && fault.detail.contains("authorize again"), "{fault}");
}

#[tokio::test(start_paused = true)]
async fn hooks_are_believed_by_their_address_and_the_signed_one_by_its_signature() {
    let (far, account) = account(|account| account.tokens.clear(), oauth).await;
    let hooks = far.crm.hooks().unwrap();
    assert!(hooks.register("https://flow.example/hooks/amocrm/amocrm").await.unwrap());
    assert!(hooks.register("https://flow.example/hooks/amocrm/amocrm").await.unwrap());
    let url = {
        let account = account.lock().unwrap();
        assert_eq!(account.hooks.len(), 1);
        account.hooks[0]["destination"].as_str().unwrap().to_owned()
    };
    let secret = url.rsplit('/').next().unwrap().to_owned();
    let body = b"leads[update][0][id]=77&leads[update][0][updated_at]=5&account[id]=32720107".to_vec();
    let call = HookCall { rest: vec![secret], body, ..HookCall::default() };
    let events = hooks.read(&call).unwrap();
    assert_eq!(events[0].subject, HookSubject::Appointment("77".to_owned()));
    far.crm.probe().await.unwrap();
    let foreign = HookCall { body: b"leads[update][0][id]=77&account[id]=1".to_vec(), ..call.clone() };
    assert_eq!(hooks.read(&foreign), Err(HookRefusal::Forged));
    let forged = HookCall { rest: vec!["0".repeat(32)], ..call };
    assert_eq!(hooks.read(&forged), Err(HookRefusal::Forged));
    let mac = flow::domain::signing::hmac_sha256(CLIENT.1.as_bytes(), format!("{}|32720107", CLIENT.0).as_bytes());
    let query = |signature: String| {
        [("client_uuid", CLIENT.0.to_owned()), ("account_id", "32720107".to_owned()), ("signature", signature)]
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec()
    };
    let call = HookCall { query: query(flow::domain::signing::hex(&mac)), ..HookCall::default() };
    assert_eq!(hooks.read(&call).unwrap()[0].subject, HookSubject::Connection);
    hooks.apply(&call, &hooks.read(&call).unwrap()).await.unwrap();
    let phone = phone("+79161112233");
    assert_eq!(far.crm.clients().unwrap().find_by_phone(&phone).await.unwrap_err().kind, FaultKind::Unauthorized);
    far.crm.probe().await.unwrap();
    assert!(far.crm.clients().unwrap().find_by_phone(&phone).await.is_ok(), "a probe that works ends it");
    let forged = HookCall { query: query("00".repeat(32)), ..HookCall::default() };
    assert_eq!(hooks.read(&forged), Err(HookRefusal::Forged));
    assert!(hooks.unregister("https://flow.example/hooks/amocrm/amocrm").await.unwrap());
    assert!(account.lock().unwrap().hooks.is_empty());
}

#[test]
fn settings_that_cannot_be_are_told() {
    let open = |settings: Value| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (far, _) = plain().await;
            (far.row.open)(far.wiring.clone(), settings).err()
        })
    };
    for (settings, told) in [
        (json!({}), "access_token"),
        (json!({"access_token": "x", "client_id": "y"}), "exclude each other"),
        (json!({"client_id": "y", "client_secret": "z"}), "redirect_uri"),
        (json!({"access_token": "x", "colour": 1}), "colour"),
    ] {
        assert!(open(settings.clone()).unwrap().contains(told), "{settings}");
    }
}

//! A visit once it stands: its client is fastened, one that came first keeps the time, and it is shown as flow's callers
//! know it.

use super::Bitrix24;
use super::account::Model;
use super::batch::Command;
use super::catalogue::is_passing;
use super::desk::{Draft, LIST, attach_commands, bookings_params, wide};
use super::item::{Item, read_bookings};
use super::texts::Tag;
use crate::domain::crm::{Appointment, AppointmentStatus, BookRequest, CrmClient, NewClient};
use crate::domain::fault::{Fault, FaultKind};

impl Bitrix24 {
    pub(super) async fn service_title(&self, id: &str) -> Result<String, Fault> {
        match self.model() {
            Model::Booking => Ok(self.good("book", id).await?.name),
            Model::Calendar | Model::Deal => {
                let profile = self.own_profile("book").await?;
                let title = profile.service(id).map(|service| service.title.clone());
                title.ok_or_else(|| self.wire.fault(FaultKind::NotFound, "book", format!("there is no service `{id}`")))
            }
        }
    }

    pub(super) async fn client_of(&self, request: &BookRequest) -> Result<CrmClient, Fault> {
        let client = NewClient { name: request.name.clone(), phone: request.phone.clone(), email: None };
        self.ensure_contact(&client).await
    }

    /// The deal that the request's lead is, when it is one.
    pub(super) async fn deal_of(&self, request: &BookRequest) -> Option<String> {
        let lead = self.wire.wiring().store.lead(request.origin.lead_id?).await.ok().flatten()?;
        let is_ours = lead.crm.provider.as_deref() == Some(self.wire.wiring().name.as_str());
        let is_deal = self.lead_entity().await.ok()? == super::leads::DEAL;
        lead.crm.external_id.filter(|_| is_ours && is_deal)
    }

    /// After a visit stands: fastens its client, and gives way to one that was there before.
    async fn settle(&self, id: &str, draft: &Draft<'_>, fastened: &[String]) -> Result<Item, Fault> {
        let window = wide(draft.start, draft.end);
        let items = match self.model() {
            Model::Booking => {
                let mut commands = attach_commands(id, draft.contact, draft.deal);
                // What an earlier call fastened is not written again.
                commands.retain(|command| command.key != "client" || fastened.iter().all(|id| id != draft.contact));
                let writes = !commands.is_empty();
                commands.push(Command::new("page", LIST, bookings_params(window.0, window.1, None, 0)));
                let replies = self.wire.batch(&commands, writes).await?;
                for key in ["client", "deal"] {
                    match replies.get(key) {
                        Err(fault) if is_passing(&fault) && fault.operation != "batch" => return Err(fault),
                        Err(fault) if fault.operation != "batch" => {
                            tracing::warn!(booking = id, %fault, "the booking stands without its {key}");
                        }
                        _ => {}
                    }
                }
                let page = read_bookings(replies.get("page")?).map_err(self.wire.unread(LIST))?;
                self.bookings(window, None, Some(page)).await?
            }
            Model::Calendar | Model::Deal => {
                let people = self.people(&*self.own_profile("book").await?).await?;
                let calendar = people.user(draft.staff).unwrap_or(&people.owner).to_owned();
                self.events(&people, &[calendar], window, true).await?
            }
        };
        let was_before = |item: &&Item| item.takes(draft.staff, draft.start, draft.end) && item.was_before(id);
        if let Some(other) = items.iter().find(was_before) {
            tracing::info!(ours = id, theirs = %other.id, "two visits want one time: ours gives way");
            self.remove(id).await?;
            return Err(self.wire.fault(FaultKind::SlotTaken, "book", "somebody else has booked this time"));
        }
        let sent = Item {
            id: id.to_owned(),
            owners: vec![draft.staff.to_owned()],
            start: draft.start,
            end: draft.end,
            name: draft.name.to_owned(),
            description: draft.description.to_owned(),
            contacts: None,
        };
        Ok(items.into_iter().find(|item| item.id == id).unwrap_or(sent))
    }

    pub(super) async fn settled(
        &self,
        id: &str,
        draft: &Draft<'_>,
        request: &BookRequest,
        client: CrmClient,
        fastened: &[String],
    ) -> Result<Appointment, Fault> {
        match self.settle(id, draft, fastened).await {
            Ok(item) => self.shown(item, Some(&request.service_id), client).await,
            Err(fault) if fault.kind == FaultKind::SlotTaken => Err(fault),
            // It stands; the same key again finds it and goes on from here.
            Err(fault) => {
                let detail = format!("visit {id} stands, but could not be looked at again: {}", fault.detail);
                Err(Fault { kind: FaultKind::UnknownOutcome, detail, ..fault })
            }
        }
    }

    /// A visit as flow's callers know it.
    pub(super) async fn shown(
        &self,
        item: Item,
        service: Option<&str>,
        client: CrmClient,
    ) -> Result<Appointment, Fault> {
        let zone = self.zone().await?;
        let tag = Tag::read(&item.description);
        let service_id = match service.map(str::to_owned).or(tag.service) {
            Some(id) => id,
            None => self.service_named(&item.name).await.unwrap_or_default(),
        };
        Ok(Appointment {
            id: item.id,
            start: item.start.to_zoned(zone.clone()),
            end: item.end.to_zoned(zone),
            service_id,
            employee_id: item.owners.into_iter().next(),
            client,
            status: AppointmentStatus::Booked,
        })
    }

    /// The service that a visit made by people is named after.
    async fn service_named(&self, name: &str) -> Option<String> {
        let titles: Vec<(String, String)> = match self.model() {
            Model::Booking => {
                let goods = self.goods().await.ok()?;
                goods.rows.iter().map(|good| (good.id.clone(), good.name.clone())).collect()
            }
            Model::Calendar | Model::Deal => {
                let profile = self.profile().await.ok()??;
                profile.services.iter().map(|service| (service.id.clone(), service.title.clone())).collect()
            }
        };
        let name = name.to_lowercase();
        let fits = |(_, title): &&(String, String)| name.starts_with(&title.to_lowercase());
        titles.iter().filter(fits).max_by_key(|(_, title)| title.len()).map(|(id, _)| id.clone())
    }
}

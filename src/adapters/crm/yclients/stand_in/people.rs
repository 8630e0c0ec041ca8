//! Clients, what is written of them, and their labels.

use serde_json::{Value, json};

use super::{Salon, counted, digits, good, int, missing, number, refused};
use crate::adapters::http::far::{FarRequest, empty, json as answer_json};
use crate::adapters::http::{Answer, Method};

impl Salon {
    pub(super) fn people(&mut self, request: &FarRequest, parts: &[&str]) -> Option<Answer> {
        let root = if self.is_altegio { "clients" } else { "company" };
        Some(match (request.method, parts) {
            (Method::Post, ["company", _, "clients", "search"]) => self.search(&request.json()),
            (Method::Get, ["client", _, id]) => match self.client(number(id)) {
                Some(client) => good(200, client),
                None => missing(),
            },
            (Method::Post, ["clients", _]) => self.create_client(&request.json()),
            (Method::Put, ["client", _, id]) => self.change_client(number(id), &request.json()),
            (method, [first, _, "clients", client, "comments", rest @ ..])
                if *first == root && !self.has_no_comments =>
            {
                self.client_comments(request, method, number(client), rest)
            }
            (Method::Get, ["labels", _, "clients"]) if !self.has_no_labels => {
                let term = request.param("term").unwrap_or_default();
                let rows = self.labels.iter().filter(|(_, title)| title.contains(term));
                let rows: Vec<Value> =
                    rows.map(|(id, title)| json!({"id": id, "title": title, "color": "#fff"})).collect();
                good(200, &Value::Array(rows))
            }
            (Method::Post, ["labels", _, "clients", "create"]) if !self.has_no_labels => {
                let title = request.json()["title"].as_str().unwrap_or_default().to_owned();
                if self.labels.iter().any(|(_, known)| *known == title) {
                    return Some(refused(400, "Категория с таким названием уже существует"));
                }
                let id = self.id();
                self.labels.push((id, title));
                answer_json(202, &json!({"success": true, "data": null, "meta": {"message": "Accepted"}}))
            }
            _ => return None,
        })
    }

    fn search(&self, body: &Value) -> Answer {
        if let Some(refused) = self.lacks("clients", "clients_access") {
            return refused;
        }
        let value = body["filters"][0]["state"]["value"].as_str().unwrap_or_default();
        let fits = |client: &&Value| {
            digits(&client["phone"]).contains(value) || client["name"].as_str().is_some_and(|name| name.contains(value))
        };
        let rows: Vec<&Value> = self.clients.iter().filter(fits).collect();
        let size = usize::try_from(int(&body["page_size"])).unwrap_or(25).clamp(1, 200);
        let page = usize::try_from(int(&body["page"])).unwrap_or(1).max(1);
        // Without `fields` only the id comes, and what is not known is left out.
        let known = ["id", "name", "phone", "email", "discount", "last_visit_date", "visits_count"];
        let asked: Vec<&str> = body["fields"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let shown = rows.iter().skip((page - 1) * size).take(size).map(|client| {
            let members = known.iter().filter(|name| **name == "id" || asked.contains(name));
            members.map(|name| ((*name).to_owned(), client[*name].clone())).collect::<serde_json::Map<_, _>>().into()
        });
        counted(&shown.collect::<Vec<Value>>(), rows.len())
    }

    fn create_client(&mut self, body: &Value) -> Answer {
        let (phone, name) = (digits(&body["phone"]), body["name"].as_str().unwrap_or_default());
        if phone.len() < 9 || name.is_empty() {
            return refused(422, "Не указаны имя и телефон");
        }
        if self.clients.iter().any(|client| digits(&client["phone"]) == phone) {
            return refused(422, "Клиент с указанным телефоном уже существует в базе");
        }
        let id = self.add_client(name, &format!("+{phone}"));
        self.client(id).map_or_else(missing, |client| good(201, client))
    }

    fn change_client(&mut self, id: i64, body: &Value) -> Answer {
        if body["name"].as_str().is_none_or(str::is_empty) || digits(&body["phone"]).len() < 9 {
            return refused(422, "Не указаны имя и телефон");
        }
        if body.get("balance").is_some() || body.get("spent").is_some() {
            self.sins.push("money".to_owned());
        }
        let labels: Vec<Value> = body["categories"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|label| json!({"id": label, "title": "", "entity": 1}))
            .collect();
        let Some(client) = self.clients.iter_mut().find(|client| client["id"] == id) else { return missing() };
        // What is left out is lost.
        for name in ["name", "surname", "patronymic", "email", "comment", "birth_date", "card", "discount", "sex_id"] {
            client[name] = body.get(name).cloned().unwrap_or_else(|| "".into());
        }
        client["display_name"] = body["name"].clone();
        client["phone"] = format!("+{}", digits(&body["phone"])).into();
        client["categories"] = labels.into();
        good(200, client)
    }

    fn client_comments(&mut self, request: &FarRequest, method: Method, client: i64, rest: &[&str]) -> Answer {
        match (method, rest) {
            (Method::Get, []) => {
                let rows = self.comments.iter().filter(|(_, of, _)| *of == client);
                good(200, &rows.map(|(id, _, text)| json!({"id": id, "text": text, "type": "default"})).collect())
            }
            (Method::Post, []) => {
                let Some(text) = request.json()["text"].as_str().map(str::to_owned) else {
                    return refused(422, "text");
                };
                let id = self.id();
                self.comments.push((id, client, text));
                good(201, &json!({"id": id}))
            }
            (Method::Delete, [id]) => {
                self.comments.retain(|(known, _, _)| *known != number(id));
                empty(204)
            }
            _ => missing(),
        }
    }
}

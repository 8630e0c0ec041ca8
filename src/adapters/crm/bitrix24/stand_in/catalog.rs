//! Services and their prices.

use serde_json::{Value, json};

use super::{Outcome, Portal, int, list, page, refused, text};

/// The property that says how many minutes a service takes.
pub(super) const DURATION: i64 = 90;
const IBLOCK: i64 = 23;

pub(super) fn services() -> Vec<Value> {
    let service = |id: i64, name: &str, minutes: &str, price: &str| {
        json!({"id": id, "iblockId": IBLOCK, "name": name, "active": "Y", "type": 7, "sort": id, "xmlId": id.to_string(),
            "iblockSectionId": null, "property90": {"value": minutes, "valueId": id.to_string()}, "price": price})
    };
    vec![
        service(1265, "Женская стрижка", "60", "2500.00"),
        service(1266, "Мужская стрижка", "30", "1500.00"),
        service(1267, "Маникюр", "90", "2000.00"),
    ]
}

/// A row with what was asked for.
fn selected(row: &Value, select: &Value) -> Value {
    let names: Vec<String> = list(select).into_iter().map(text).collect();
    let Some(members) = row.as_object() else { return Value::Null };
    let is_asked = |name: &str| names.iter().any(|asked| asked == name || asked == "*");
    members.iter().filter(|(name, _)| is_asked(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

impl Portal {
    pub(super) fn catalog(&mut self, method: &str, params: &Value) -> Outcome {
        let filter = &params["filter"];
        match method {
            "catalog.catalog.list" => Ok(json!({"catalogs": [
                {"id": 24, "iblockId": 24, "name": "Предложения", "productIblockId": IBLOCK},
                {"id": IBLOCK, "iblockId": IBLOCK, "name": "Товарный каталог", "productIblockId": null}]})
            .into()),
            "catalog.product.service.list" | "catalog.product.list" => {
                let select: Vec<String> = list(&params["select"]).into_iter().map(text).collect();
                if !select.iter().any(|name| name == "iblockId") || !select.iter().any(|name| name == "id") {
                    return Err(refused(400, 200_040_300_010_i64, "select must contain id and iblockId"));
                }
                if int(&filter["iblockId"]) != IBLOCK {
                    return Err(refused(400, 200_040_300_010_i64, "The iblockId filter is required"));
                }
                let is_wanted = |row: &&Value| filter["active"].is_null() || filter["active"] == row["active"];
                let rows = self.services.iter().filter(is_wanted).map(|row| selected(row, &params["select"])).collect();
                let key = if method.contains("service") { "services" } else { "products" };
                Ok(page(rows, &params["start"], |rows| json!({key: rows})))
            }
            "catalog.price.list" => {
                let wanted: Vec<i64> = list(&filter["productId"]).into_iter().map(int).collect();
                let of = |row: &Value| json!({"productId": row["id"], "catalogGroupId": "1", "price": row["price"], "currency": "RUB"});
                let rows = self.services.iter().filter(|row| wanted.contains(&int(&row["id"]))).map(of).collect();
                Ok(page(rows, &params["start"], |rows| json!({"prices": rows})))
            }
            "catalog.priceType.list" => Ok(json!({"priceTypes": [{"id": 1, "base": "Y"}]}).into()),
            _ => Err(refused(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")),
        }
    }
}

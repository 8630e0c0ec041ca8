//! What the catalogue answers: services, and prices that lie apart.

use std::collections::BTreeMap;

use serde_json::Value;

use super::catalogue::PAGE;
use crate::adapters::http::read;

/// The type of a product that is a service.
pub(super) const SERVICE_TYPE: i64 = 7;

/// A catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Iblock {
    /// Its id.
    pub id: i64,
    /// The catalogue whose offers it holds, when it holds offers.
    pub product: Option<i64>,
}

/// A service as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Good {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is sold.
    pub is_active: bool,
    /// Its section's id.
    pub section: Option<i64>,
    /// Minutes, when the property says so.
    pub minutes: Option<u32>,
    /// The price, where it stands in the same row.
    pub price: Option<(i64, String)>,
}

/// Rows under a key of a result that is an empty list when it is empty.
pub(super) fn rows<'v>(value: &'v Value, key: &str) -> Result<Vec<&'v Value>, String> {
    match value {
        Value::Array(rows) if rows.is_empty() => Ok(Vec::new()),
        Value::Object(members) => match members.get(key) {
            Some(rows) => Ok(read::list(rows)),
            None if members.is_empty() => Ok(Vec::new()),
            None => Err(format!("the answer has no `{key}`")),
        },
        _ => Err(format!("the answer has no `{key}`")),
    }
}

/// Reads `catalog.catalog.list`.
#[must_use]
pub fn read_catalogs(value: &Value) -> Vec<Iblock> {
    let row = |row: &Value| {
        let id = row.get("iblockId").or_else(|| row.get("id")).and_then(read::int)?;
        Some(Iblock { id, product: row.get("productIblockId").and_then(read::int).filter(|id| *id > 0) })
    };
    rows(value, "catalogs").unwrap_or_default().into_iter().filter_map(row).collect()
}

/// The catalogue to use: the one whose offers another holds, else the first.
pub(super) fn product_catalog(catalogs: &[Iblock]) -> Option<i64> {
    let of_offers = catalogs.iter().find_map(|catalog| catalog.product);
    of_offers.or_else(|| catalogs.iter().find(|catalog| catalog.product.is_none()).map(|catalog| catalog.id))
}

/// Reads a page of services or products, and whether it is a whole one.
///
/// # Errors
/// When it is neither.
pub fn read_goods(value: &Value, property: Option<i64>) -> Result<(Vec<Good>, bool), String> {
    let page = rows(value, "services").or_else(|_| rows(value, "products"))?;
    let is_whole = page.len() >= PAGE;
    let name = property.map(|id| format!("property{id}"));
    let good = |row: &&Value| {
        let kind = row.get("type").and_then(read::int);
        if kind.is_some_and(|kind| kind != SERVICE_TYPE) {
            return None;
        }
        Some(Good {
            id: row.get("id").and_then(read::text)?,
            name: row.get("name").and_then(read::text)?,
            is_active: row.get("active").and_then(read::flag).unwrap_or(true),
            section: row.get("iblockSectionId").and_then(read::int),
            minutes: name.as_deref().and_then(|name| row.get(name)).and_then(read_minutes),
            price: None,
        })
    };
    Ok((page.iter().filter_map(good).collect(), is_whole))
}

/// Minutes of a property: plain, as an object with its value, or as a list of those.
fn read_minutes(value: &Value) -> Option<u32> {
    let value = match value {
        Value::Array(rows) => rows.first()?,
        other => other,
    };
    let value = value.get("value").unwrap_or(value);
    read::int(value).and_then(|minutes| u32::try_from(minutes).ok()).filter(|minutes| (1..=1440).contains(minutes))
}

/// Reads `crm.product.list`.
///
/// # Errors
/// When it is no list.
pub fn read_products(value: &Value) -> Result<Vec<Good>, String> {
    if !value.is_array() && !value.is_object() {
        return Err("the products are no list".to_owned());
    }
    let good = |row: &Value| {
        let currency = row.get("CURRENCY_ID").and_then(read::text).unwrap_or_else(|| "RUB".to_owned());
        Some(Good {
            id: row.get("ID").and_then(read::text)?,
            name: row.get("NAME").and_then(read::text)?,
            is_active: row.get("ACTIVE").and_then(read::flag).unwrap_or(true),
            section: row.get("SECTION_ID").and_then(read::int),
            minutes: None,
            price: row.get("PRICE").and_then(read_amount).map(|amount| (amount, currency)),
        })
    };
    Ok(read::list(value).into_iter().filter_map(good).collect())
}

/// Money; more digits than a currency has are rounded away, as the portal shows it.
fn read_amount(value: &Value) -> Option<i64> {
    read::minor(value).or_else(|| {
        let number = match value {
            Value::Number(number) => number.as_f64()?,
            Value::String(text) => text.trim().parse::<f64>().ok()?,
            _ => return None,
        };
        #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
        (number.is_finite() && number.abs() < 1e13).then(|| (number * 100.0).round() as i64)
    })
}

/// A price with the group it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPrice {
    product: String,
    group: i64,
    amount: i64,
    currency: String,
}

/// Reads `catalog.price.list`.
#[must_use]
pub fn read_prices(value: &Value) -> Vec<GroupPrice> {
    let row = |row: &Value| {
        Some(GroupPrice {
            product: row.get("productId").and_then(read::text)?,
            group: row.get("catalogGroupId").and_then(read::int).unwrap_or(i64::MAX),
            amount: row.get("price").and_then(read_amount)?,
            currency: row.get("currency").and_then(read::text).unwrap_or_else(|| "RUB".to_owned()),
        })
    };
    rows(value, "prices").unwrap_or_default().into_iter().filter_map(row).collect()
}

/// Reads the base group of `catalog.priceType.list`.
pub(super) fn read_base_group(value: &Value) -> Option<i64> {
    rows(value, "priceTypes").ok()?.first()?.get("id").and_then(read::int)
}

/// One price for each service: of the base group, else of the first.
pub(super) fn base_prices(mut prices: Vec<GroupPrice>, base: Option<i64>) -> BTreeMap<String, (i64, String)> {
    prices.sort_by_key(|price| (Some(price.group) != base, price.group));
    let mut out = BTreeMap::new();
    for price in prices {
        out.entry(price.product).or_insert((price.amount, price.currency));
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_base_groups_price_is_taken_and_numbers_drift() {
        let prices = json!({"prices": [
            {"productId": 1, "catalogGroupId": 2, "price": "900.00", "currency": "RUB"},
            {"productId": "1", "catalogGroupId": "1", "price": 1500, "currency": "RUB"},
            {"productId": 2, "price": "99.999", "currency": "USD"}]});
        let base = base_prices(read_prices(&prices), Some(1));
        assert_eq!(base["1"], (150_000, "RUB".to_owned()));
        assert_eq!(base["2"], (10_000, "USD".to_owned()));
        assert!(read_prices(&json!([])).is_empty());
    }

    #[test]
    fn services_are_read_with_their_property_and_without_goods() {
        let page = json!({"services": [
            {"id": 5, "name": "Cut", "active": "Y", "type": 7, "property90": {"value": "45", "valueId": "1"}},
            {"id": "6", "name": "Shampoo", "active": "Y", "type": 1},
            {"id": 7, "name": "Old", "active": "N", "type": "7", "property90": [{"value": 30}]}]});
        let (goods, whole) = read_goods(&page, Some(90)).unwrap();
        assert_eq!(
            goods.iter().map(|g| (g.id.as_str(), g.minutes, g.is_active)).collect::<Vec<_>>(),
            [("5", Some(45), true), ("7", Some(30), false)]
        );
        assert!(!whole && read_goods(&json!([]), None).unwrap().0.is_empty());
        assert!(read_goods(&json!("x"), None).is_err());
    }
}

//! `$metadata`: the types of the base, their fields, and what references lead to.

use std::collections::{BTreeMap, HashMap};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: String,
    /// Of a text; absent where it is unlimited.
    pub(super) length: Option<u32>,
}

/// A type: of a set, or of a row of a tabular part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Type {
    pub(super) fields: Vec<Field>,
    /// Reference, association and the end of it that it leads to.
    links: Vec<(String, String, String)>,
}

impl Type {
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.field(name).is_some()
    }
}

/// What a base has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) types: BTreeMap<String, Type>,
    ends: HashMap<(String, String), String>,
    enums: HashMap<String, Vec<String>>,
}

/// A name without its namespace, and what a collection is of.
fn bare(name: &str) -> &str {
    let name = name.strip_prefix("Collection(").and_then(|name| name.strip_suffix(')')).unwrap_or(name);
    name.rsplit('.').next().unwrap_or(name)
}

impl Metadata {
    /// The set that a reference leads to.
    pub(super) fn target(&self, of: &str, field: &str) -> Option<&str> {
        let link = field.strip_suffix("_Key").unwrap_or(field);
        let (_, association, role) = self.types.get(of)?.links.iter().find(|(name, _, _)| name == link)?;
        self.ends.get(&(association.clone(), role.clone())).map(String::as_str)
    }

    /// The type of a tabular part's rows.
    pub(super) fn rows(&self, of: &str, table: &str) -> Option<&Type> {
        let kind = &self.types.get(of)?.field(table)?.kind;
        let named = kind.starts_with("Collection(").then(|| self.types.get(bare(kind))).flatten();
        named.or_else(|| self.types.get(&format!("{of}_{table}")))
    }

    /// The tabular parts of a type.
    pub(super) fn tables<'m>(&'m self, of: &str) -> impl Iterator<Item = &'m str> {
        let fields = self.types.get(of).map_or(&[][..], |known| &known.fields);
        fields.iter().filter(|field| field.kind.starts_with("Collection(")).map(|field| field.name.as_str())
    }

    /// The values of a field, where the base lists them.
    pub(super) fn values(&self, field: &Field) -> &[String] {
        self.enums.get(bare(&field.kind)).map_or(&[], Vec::as_slice)
    }
}

/// Reads the description of a base.
pub(super) fn read_metadata(body: &[u8]) -> Result<Metadata, String> {
    let text = String::from_utf8_lossy(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body));
    let mut reader = Reader::from_str(&text);
    let mut metadata = Metadata::default();
    let mut open: Option<String> = None;
    loop {
        let event = reader.read_event().map_err(|error| format!("$metadata is no XML: {error}"))?;
        match &event {
            Event::Start(tag) | Event::Empty(tag) => note(tag, &mut open, &mut metadata),
            Event::Eof => break,
            _ => {}
        }
    }
    match metadata.types.is_empty() {
        true => Err("$metadata describes nothing: the set of objects for OData is empty".to_owned()),
        false => Ok(metadata),
    }
}

fn note(tag: &BytesStart<'_>, open: &mut Option<String>, metadata: &mut Metadata) {
    let said = attributes(tag);
    let get = |name: &str| said.get(name).cloned().unwrap_or_default();
    let last = open.clone().unwrap_or_default();
    match local(tag.name().as_ref()) {
        "EntityType" | "ComplexType" => {
            metadata.types.entry(get("Name")).or_default();
            *open = Some(get("Name"));
        }
        "Association" | "EnumType" => *open = Some(get("Name")),
        "Property" => {
            let length = get("MaxLength").parse().ok().filter(|length| *length > 0);
            if let Some(known) = metadata.types.get_mut(&last) {
                known.fields.push(Field { name: get("Name"), kind: get("Type"), length });
            }
        }
        "NavigationProperty" => {
            if let Some(known) = metadata.types.get_mut(&last) {
                known.links.push((get("Name"), bare(&get("Relationship")).to_owned(), get("ToRole")));
            }
        }
        "End" if !get("Type").is_empty() => {
            metadata.ends.insert((last, get("Role")), bare(&get("Type")).to_owned());
        }
        "Member" => metadata.enums.entry(last).or_default().push(get("Name")),
        _ => {}
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn attributes(tag: &BytesStart<'_>) -> HashMap<String, String> {
    let read = tag.attributes().flatten();
    read.map(|attribute| (local(attribute.key.as_ref()).to_owned(), attribute.value.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_references_and_values_are_read() {
        let xml = r#"<edmx:Edmx xmlns:edmx="x"><Schema Namespace="StandardODATA">
            <EntityType Name="Document_З"><Property Name="Клиент_Key" Type="Edm.Guid"/>
              <Property Name="Статус" Type="StandardODATA.Статусы"/><Property Name="Т" Type="Edm.String" MaxLength="50"/>
              <Property Name="Услуги" Type="Collection(StandardODATA.Document_З_Услуги_RowType)"/>
              <NavigationProperty Name="Клиент" Relationship="StandardODATA.A1" FromRole="Begin" ToRole="End"/></EntityType>
            <ComplexType Name="Document_З_Услуги_RowType"><Property Name="Цена" Type="Edm.Double"/></ComplexType>
            <Association Name="A1"><End Role="Begin" Type="StandardODATA.Document_З"/>
              <End Role="End" Type="StandardODATA.Catalog_К"/></Association>
            <EnumType Name="Статусы"><Member Name="Отменена"/></EnumType></Schema></edmx:Edmx>"#;
        let metadata = read_metadata(xml.as_bytes()).unwrap();
        assert_eq!(metadata.target("Document_З", "Клиент_Key"), Some("Catalog_К"));
        assert!(metadata.rows("Document_З", "Услуги").unwrap().has("Цена"));
        let known = &metadata.types["Document_З"];
        assert_eq!(metadata.values(known.field("Статус").unwrap()), ["Отменена"]);
        assert_eq!(known.field("Т").unwrap().length, Some(50));
        assert!(read_metadata(b"<a><b").is_err() && read_metadata(b"{}").is_err());
    }
}

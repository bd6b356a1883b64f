//! `POST /search/query`: reading `sortProperties`, `aggregations` and `collapseProperties`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/aggregationoption>

use serde_json::Value;

use super::{
    read::{flag, plainly, texts},
    request::{
        AggregationOption, BucketAggregationDefinition, BucketAggregationRange,
        BucketAggregationSortBy, CollapseProperty, SortProperty,
    },
    voice::invalid,
};
use crate::{
    error::PublicError,
    generous::{self, Object, member, quoted},
    limits::{
        AGGREGATION_SIZE_MAX, AGGREGATION_SIZE_MIN, COLLAPSE_LIMIT_MAX, COLLAPSE_LIMIT_MIN,
        SORT_PROPERTIES_MAX,
    },
    odata,
};

const SORT_BY: [(&str, BucketAggregationSortBy); 3] = [
    ("count", BucketAggregationSortBy::Count),
    ("keyAsString", BucketAggregationSortBy::KeyAsString),
    ("keyAsNumber", BucketAggregationSortBy::KeyAsNumber),
];

pub(super) fn sort_properties(request: &Object) -> Result<Vec<SortProperty>, PublicError> {
    let properties = objects(request, "sortProperties", |target, sent| {
        Ok(SortProperty {
            name: name(sent, &format!("{target}.name"), "name")?,
            is_descending: flag(sent, "isDescending")?,
        })
    })?;
    if properties.len() > SORT_PROPERTIES_MAX {
        return Err(invalid(&format!(
            "sortProperties has {} entries; at most {SORT_PROPERTIES_MAX} are allowed",
            properties.len()
        )));
    }
    Ok(properties)
}

pub(super) fn aggregations(request: &Object) -> Result<Vec<AggregationOption>, PublicError> {
    objects(request, "aggregations", |target, sent| {
        let range = i64::from(AGGREGATION_SIZE_MIN)..=i64::from(AGGREGATION_SIZE_MAX);
        let size = member(sent, "size")
            .map(|value| plainly(odata::integer(format!("{target}.size"), value, range)))
            .transpose()?;
        Ok(AggregationOption {
            field: name(sent, &format!("{target}.field"), "field")?,
            size: size.and_then(|size| u32::try_from(size).ok()),
            bucket_definition: bucket_definition(target, sent)?,
        })
    })
}

fn bucket_definition(
    target: &str,
    aggregation: &Object,
) -> Result<BucketAggregationDefinition, PublicError> {
    let target = format!("{target}.bucketDefinition");
    let Some(sent) = member(aggregation, "bucketDefinition") else {
        return Ok(BucketAggregationDefinition::default());
    };
    let sent = plainly(generous::object(&target, sent))?;
    let sort_by = member(sent, "sortBy").unwrap_or(&Value::Null);
    let counts = i64::from(i32::MIN)..=i64::from(i32::MAX);
    let minimum_count = member(sent, "minimumCount")
        .map(|value| {
            plainly(odata::integer(
                format!("{target}.minimumCount"),
                value,
                counts,
            ))
        })
        .transpose()?;
    let prefix_filter = member(sent, "prefixFilter")
        .map(|value| plainly(generous::text(format!("{target}.prefixFilter"), value)))
        .transpose()?;
    Ok(BucketAggregationDefinition {
        sort_by: plainly(generous::choice(
            format!("{target}.sortBy"),
            sort_by,
            &SORT_BY,
        ))?,
        is_descending: flag(sent, "isDescending")?,
        minimum_count: minimum_count
            .and_then(|count| i32::try_from(count).ok())
            .unwrap_or_default(),
        prefix_filter: prefix_filter.map(str::to_owned),
        ranges: objects(sent, "ranges", range)?,
    })
}

fn range(target: &str, sent: &Object) -> Result<BucketAggregationRange, PublicError> {
    let bound = |name: &str| match member(sent, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        // The samples write numbers as texts; some clients write them as numbers.
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(other) => Err(invalid(&format!(
            "{target}.{name} must be a text, not {}",
            quoted(other)
        ))),
    };
    let range = BucketAggregationRange {
        from: bound("from")?,
        to: bound("to")?,
    };
    if range.from.is_none() && range.to.is_none() {
        return Err(invalid(&format!(
            "{target} needs at least one of from and to"
        )));
    }
    Ok(range)
}

pub(super) fn collapse_properties(request: &Object) -> Result<Vec<CollapseProperty>, PublicError> {
    let levels = objects(request, "collapseProperties", |target, sent| {
        let range = i64::from(COLLAPSE_LIMIT_MIN)..=i64::from(COLLAPSE_LIMIT_MAX);
        let limit = member(sent, "limit").unwrap_or(&Value::Null);
        let limit = plainly(odata::integer(format!("{target}.limit"), limit, range))?;
        let fields = texts(sent, "fields")?;
        if fields.is_empty() || fields.iter().any(|field| field.trim().is_empty()) {
            return Err(invalid(&format!(
                "{target}.fields must name at least one property"
            )));
        }
        Ok(CollapseProperty {
            fields,
            limit: u32::try_from(limit).unwrap_or(COLLAPSE_LIMIT_MAX),
        })
    })?;
    for (at, pair) in levels.windows(2).enumerate() {
        if pair[1].limit > pair[0].limit {
            return Err(invalid(&format!(
                "collapseProperties[{}].limit is {}; it must not be larger than that of the level \
                 before, {}",
                at + 1,
                pair[1].limit,
                pair[0].limit
            )));
        }
    }
    Ok(levels)
}

/// A list of objects, each read with its place; absent is empty.
fn objects<T>(
    object: &Object,
    name: &str,
    read: impl Fn(&str, &Object) -> Result<T, PublicError>,
) -> Result<Vec<T>, PublicError> {
    let Some(list) = member(object, name) else {
        return Ok(Vec::new());
    };
    plainly(generous::array(name, list))?
        .iter()
        .enumerate()
        .map(|(at, entry)| {
            let target = format!("{name}[{at}]");
            read(&target, plainly(generous::object(&target, entry))?)
        })
        .collect()
}

/// The name of a property, which must be there.
fn name(object: &Object, target: &str, name: &str) -> Result<String, PublicError> {
    let value = member(object, name).unwrap_or(&Value::Null);
    let text = plainly(generous::text(target, value))?;
    if text.trim().is_empty() {
        return Err(invalid(&format!(
            "{target} is empty; it must name a property"
        )));
    }
    Ok(text.to_owned())
}

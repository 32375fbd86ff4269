//! `/_simulator/…`: faults and conditions by hand. No part of the contract, unsigned, and served on loopback only.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{post, put};
use axum::{Json, Router};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::fault::{Endpoint, Fault, FaultKind};
use crate::platform::{Conditions, Platform, lock};

/// A fault as JSON: the kind's own members, and where and how often it strikes.
#[derive(Deserialize)]
struct Order {
    #[serde(flatten)]
    kind: FaultKind,
    at: Option<Endpoint>,
    #[serde(default)]
    everywhere: bool,
    #[serde(default)]
    after_processing: bool,
    holding: Option<String>,
    /// Absent: until the faults are cleared.
    times: Option<u32>,
}

/// The conditions as JSON; what is absent is as it should be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionsOrder {
    #[serde(default)]
    clock_offset_seconds: i32,
    maintenance_until: Option<DateTime<Utc>>,
}

pub(crate) fn router() -> Router<Arc<Platform>> {
    Router::new()
        .route("/_simulator/faults", post(inject).delete(clear))
        .route("/_simulator/conditions", put(set_conditions))
}

async fn set_conditions(State(platform): State<Arc<Platform>>, Json(order): Json<ConditionsOrder>) -> StatusCode {
    *lock(&platform.conditions) = Conditions {
        clock_offset: TimeDelta::seconds(i64::from(order.clock_offset_seconds)),
        maintenance_until: order.maintenance_until,
    };
    StatusCode::NO_CONTENT
}

async fn inject(State(platform): State<Arc<Platform>>, Json(order): Json<Order>) -> StatusCode {
    let mut fault = match order.times {
        Some(times) => Fault::times(times, order.kind),
        None => Fault::always(order.kind),
    };
    if let Some(endpoint) = order.at {
        fault = fault.at(endpoint);
    }
    if order.everywhere {
        fault = fault.everywhere();
    }
    if order.after_processing {
        fault = fault.after_processing();
    }
    if let Some(source_id) = order.holding {
        fault = fault.holding(source_id);
    }
    platform.faults.add(fault);
    StatusCode::NO_CONTENT
}

async fn clear(State(platform): State<Arc<Platform>>) -> StatusCode {
    platform.faults.clear();
    StatusCode::NO_CONTENT
}

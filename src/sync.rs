//! What every delivery of this deployment shares, whoever starts it.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use retrofit_import::catalogue::{Catalogue, CodeList, Field, FieldType};
use retrofit_jobs::delivery::{Patience, PhotosOutcome, SyncError, SyncOptions, SyncOutcome, deliver, deliver_photos};
use retrofit_jobs::platform::{KnownField, Platform, Profile};
use retrofit_jobs::store::{RunState, UtcMillis};

use crate::config;
use crate::registry::Registry;

/// The platform that the environment names.
///
/// # Errors
/// A setting that is missing or that no client can be made of: the operator's to mend.
pub fn platform(registry: &Registry) -> anyhow::Result<Platform> {
    let profile = profile(&registry.catalogue)?;
    Ok(Platform::new(config::platform()?, profile, registry.clock.clone())?)
}

/// The profile that the environment names, compared with the catalogue.
///
/// # Errors
/// A file that cannot be read, is no profile, or does not fit the catalogue: the operator's to mend.
pub fn profile(catalogue: &Catalogue) -> anyhow::Result<Profile> {
    let (profile, name) = match config::platform_profile()? {
        None => (Profile::national_v1(), "national-v1".to_owned()),
        Some(path) => {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(&path).with_context(|| format!("无法读取平台配置文件 {name}"))?;
            let profile = Profile::parse(&text).with_context(|| format!("平台配置文件 {name} 不能使用"))?;
            (profile, name)
        }
    };
    let wrong = misfits(catalogue, &profile);
    if !wrong.is_empty() {
        bail!("平台配置文件 {name} 与字段目录不符：{}", wrong.join("；"));
    }
    Ok(profile)
}

/// What of a profile does not fit the catalogue, for people.
pub fn misfits(catalogue: &Catalogue, profile: &Profile) -> Vec<String> {
    profile.check(|id| {
        let list = match Field::from_id(id)?.field_type() {
            FieldType::Code(list) | FieldType::Codes(list) => Some(list),
            FieldType::YesNo => Some(CodeList::YesNo),
            _ => None,
        };
        let codes = list.map_or(&[][..], |list| catalogue.codes(list));
        Some(KnownField {
            codes: codes.iter().map(|entry| entry.code.to_string()).collect(),
        })
    })
}

/// A delivery from beginning to end: the records, and after them the photos, where it reached the platform.
///
/// # Errors
/// Only our own faults.
pub async fn run(
    registry: &Registry,
    platform: &Platform,
    options: SyncOptions,
) -> Result<(SyncOutcome, Option<PhotosOutcome>), SyncError> {
    let window_end = options.window_end;
    let outcome = deliver(Arc::new(registry.clone()), platform, options).await?;
    let photos = photos(registry, platform, &outcome, window_end).await?;
    Ok((outcome, photos))
}

/// Sends the photos of records that the platform has taken in, after a delivery that reached it; `None`: this one did not.
///
/// # Errors
/// Only our own faults.
async fn photos(
    registry: &Registry,
    platform: &Platform,
    delivered: &SyncOutcome,
    window_end: Option<UtcMillis>,
) -> Result<Option<PhotosOutcome>, SyncError> {
    if !matches!(delivered.state, RunState::Done | RunState::Pending | RunState::Partial) {
        return Ok(None);
    }
    let store = Arc::new(registry.clone());
    let photos = deliver_photos(store, platform, Patience::default(), window_end).await?;
    Ok(Some(photos))
}

/// What became of the photos, in one line; blank where none waited.
pub fn photos_line(photos: &PhotosOutcome) -> String {
    let counts = [
        ("上报", photos.delivered),
        ("平台退回", photos.refused),
        ("平台尚无其工程", photos.waiting),
        ("文件读不出（详见日志）", photos.unreadable),
    ];
    let mut parts: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(words, count)| format!("{words} {count} 张"))
        .collect();
    parts.extend(photos.stopped.iter().map(|why| format!("其余没有发：{why}")));
    if parts.is_empty() {
        String::new()
    } else {
        format!("照片：{}", parts.join("，"))
    }
}

/// The balanced count in one line.
pub fn balance(outcome: &SyncOutcome) -> String {
    format!(
        "应报 {} = 接收 {} + 退回 {} + 无变化 {} + 已有新版 {} + 待回执 {} + 待查 {} + 未发 {}",
        outcome.selected,
        outcome.counts.accepted,
        outcome.counts.rejected,
        outcome.counts.unchanged,
        outcome.counts.stale,
        outcome.counts.pending,
        outcome.counts.unknown,
        outcome.counts.not_sent
    )
}

/// The officers' word for the state of a run.
pub const fn label(state: RunState) -> &'static str {
    match state {
        RunState::Running => "进行中",
        RunState::Done => "完成",
        RunState::Pending => "已发出，等待回执",
        RunState::Partial => "部分未完成，下次继续",
        RunState::PlatformDown => "平台无法连接",
        RunState::PlatformBusy => "平台繁忙",
        RunState::Refused => "平台拒绝",
        RunState::ClockSkew => "时钟与平台不一致",
        RunState::WindowClosed => "超出上报时段",
        RunState::Abandoned => "中断",
        RunState::Failed => "系统故障",
    }
}

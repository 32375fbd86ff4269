//! `schedule.toml`, cron lines and windows; and when a job is due. No clock, no store: times are passed in.

use std::str::FromStr as _;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::Deserialize;

use crate::store::{JobState, LastJobRun, UtcMillis};

/// A run that begins so much after its due time was missed, and is made up for.
const LATE: TimeDelta = TimeDelta::minutes(5);

/// The jobs and their time zone.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In which cron lines and windows are read.
    pub time_zone: Tz,
    /// The jobs, each name once.
    pub jobs: Vec<JobPlan>,
}

/// When one job runs.
#[derive(Clone, Debug)]
pub struct JobPlan {
    /// The job's name.
    pub name: String,
    /// The cron line as it was written.
    pub cron: String,
    /// Missed runs are made up for by one.
    pub catch_up: bool,
    /// The window as it was written.
    pub window: Option<String>,
    schedule: cron::Schedule,
    open: Option<Window>,
    time_zone: Tz,
}

/// Times of day between which a job may run; over midnight where the end is not after the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    from: NaiveTime,
    to: NaiveTime,
}

/// A run that is due now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The due time.
    pub due_at: UtcMillis,
    /// It is late: it stands for all that was missed.
    pub catch_up: bool,
    /// When the window closes.
    pub window_end: Option<UtcMillis>,
}

/// A schedule that cannot be used: the deployment's to mend.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Not TOML, or not of a schedule's form; says where.
    #[error("任务计划文件无法读取：{0}")]
    Syntax(#[from] toml::de::Error),
    /// No such time zone.
    #[error("任务计划的时区“{0}”不存在；应为 Asia/Shanghai 之类的名称")]
    TimeZone(String),
    /// A job's line is wrong.
    #[error("任务“{job}”：{reason}")]
    Job {
        /// The job.
        job: String,
        /// What is wrong, and what to do.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    time_zone: String,
    jobs: Vec<JobFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JobFile {
    name: String,
    cron: String,
    window: Option<String>,
    catch_up: bool,
}

impl Plan {
    /// The schedule that is part of the program.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the file is part of the program, and a test reads it"
    )]
    pub fn built_in() -> Self {
        Self::parse(include_str!("../../schedule.toml")).expect("the built-in schedule is sound")
    }

    /// Reads a schedule.
    pub fn parse(toml: &str) -> Result<Self, PlanError> {
        let file: PlanFile = toml::from_str(toml)?;
        let time_zone = Tz::from_str(&file.time_zone).map_err(|_| PlanError::TimeZone(file.time_zone.clone()))?;
        let mut jobs: Vec<JobPlan> = Vec::with_capacity(file.jobs.len());
        for job in file.jobs {
            if jobs.iter().any(|known| known.name == job.name) {
                return Err(PlanError::Job {
                    job: job.name,
                    reason: "写了两次，每个任务只能有一条".into(),
                });
            }
            let wrong = |reason| PlanError::Job {
                job: job.name.clone(),
                reason,
            };
            jobs.push(JobPlan {
                schedule: schedule(&job.cron).map_err(wrong)?,
                open: job.window.as_deref().map(window).transpose().map_err(wrong)?,
                window: job.window,
                name: job.name,
                cron: job.cron,
                catch_up: job.catch_up,
                time_zone,
            });
        }
        Ok(Self { time_zone, jobs })
    }
}

impl JobPlan {
    /// The first due time after an instant.
    pub fn next(&self, after: UtcMillis) -> Option<UtcMillis> {
        let next = self.schedule.after(&self.local(after)).next()?;
        Some(next.timestamp_millis())
    }

    /// The run that is due now, if any.
    ///
    /// `last` is the job's latest run by due time; `since`, where there is none yet, is the instant from which due
    /// times count. Of several due times that have passed only the last is run.
    pub fn due(&self, last: Option<&LastJobRun>, since: UtcMillis, now: UtcMillis) -> Option<Due> {
        if last.is_some_and(|run| run.state == JobState::Running && run.lease_until >= now) {
            return None;
        }
        let broken_off = last.filter(|run| matches!(run.state, JobState::Running | JobState::Abandoned));
        let settled_to = last.map_or(since, |run| run.due_at);
        let newest = self.latest(now).filter(|due_at| *due_at > settled_to);
        // without a newer due time, a run whose process died is taken up
        let due_at = newest.or(broken_off.map(|run| run.due_at))?;
        let late = now - due_at > LATE.num_milliseconds();
        if late && !self.catch_up {
            return None;
        }
        let window_end = match self.open {
            None => None,
            Some(window) => Some(window.end(&self.local(now))?),
        };
        Some(Due {
            due_at,
            catch_up: late,
            window_end,
        })
    }

    /// The last due time that is not after an instant.
    fn latest(&self, now: UtcMillis) -> Option<UtcMillis> {
        // strictly before the next whole second; fractions would be looked back from wrongly
        let from = self.local(now - now.rem_euclid(1_000) + 1_000);
        Some(self.schedule.after(&from).next_back()?.timestamp_millis())
    }

    fn local(&self, at: UtcMillis) -> DateTime<Tz> {
        self.time_zone.from_utc_datetime(
            &DateTime::<Utc>::from_timestamp_millis(at)
                .unwrap_or_default()
                .naive_utc(),
        )
    }
}

impl Window {
    /// When the window that is open at this time closes; `None` where it is not open.
    fn end(self, now: &DateTime<Tz>) -> Option<UtcMillis> {
        let time = now.time();
        let over_midnight = self.to <= self.from;
        let open = if over_midnight {
            time >= self.from || time < self.to
        } else {
            time >= self.from && time < self.to
        };
        let tomorrow = over_midnight && time >= self.from;
        let day = now.date_naive().checked_add_days(Days::new(u64::from(tomorrow)))?;
        let end = now.timezone().from_local_datetime(&day.and_time(self.to)).latest()?;
        open.then(|| end.timestamp_millis())
    }
}

/// Five fields as everyone writes them, for a crate that wants seconds first and counts Sunday as 1.
fn schedule(line: &str) -> Result<cron::Schedule, String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [_, _, day_of_month, _, day_of_week] = fields[..] else {
        return Err(format!(
            "cron“{line}”有 {} 个字段，应为 5 个：分 时 日 月 星期，例如“30 1 * * *”",
            fields.len()
        ));
    };
    if day_of_week.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "cron“{line}”的星期用了数字，不同程序的含义不同；请用名称，例如 Mon-Fri 或 Sat,Sun"
        ));
    }
    let limited = |field: &str| !matches!(field, "*" | "?");
    if limited(day_of_month) && limited(day_of_week) {
        return Err(format!(
            "cron“{line}”同时限定了日和星期，含义不明；请只限定其一，另一个写 *"
        ));
    }
    cron::Schedule::from_str(&format!("0 {line}")).map_err(|error| format!("cron“{line}”无法识别：{error}"))
}

fn window(text: &str) -> Result<Window, String> {
    let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
    let parsed = text.split_once('-').and_then(|(from, to)| {
        Some(Window {
            from: time(from)?,
            to: time(to)?,
        })
    });
    parsed.ok_or_else(|| format!("window“{text}”无法识别，应如“01:30-06:30”"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn plan(cron: &str, more: &str) -> JobPlan {
        let toml = format!("time_zone = \"Asia/Shanghai\"\n[[jobs]]\nname = \"j\"\ncron = \"{cron}\"\n{more}");
        Plan::parse(&toml).unwrap().jobs.remove(0)
    }

    fn at(local: &str) -> UtcMillis {
        DateTime::parse_from_str(&format!("{local} +0800"), "%Y-%m-%d %H:%M:%S %z")
            .unwrap()
            .timestamp_millis()
    }

    fn last(due: &str, state: JobState, lease: &str) -> LastJobRun {
        LastJobRun {
            due_at: at(due),
            state,
            lease_until: at(lease),
        }
    }

    #[test]
    fn the_built_in_schedule_is_sound() {
        let plan = Plan::built_in();
        assert_eq!(
            (plan.time_zone, plan.jobs[0].name.as_str()),
            (chrono_tz::Asia::Shanghai, "nightly-sync")
        );
        assert_eq!(
            plan.jobs[0].next(at("2026-11-23 01:30:00")),
            Some(at("2026-11-24 01:30:00"))
        );
    }

    #[test]
    fn five_fields_mean_what_they_mean_elsewhere() {
        // 2026-11-23 is a Monday
        for (cron, after, next) in [
            ("30 1 * * *", "2026-11-23 00:00:00", "2026-11-23 01:30:00"),
            ("*/20 * * * *", "2026-11-23 00:50:00", "2026-11-23 01:00:00"),
            ("0 8 * * Mon-Fri", "2026-11-27 09:00:00", "2026-11-30 08:00:00"),
            ("0 8 * * Sun", "2026-11-23 09:00:00", "2026-11-29 08:00:00"),
            ("0 8 * * Sat,Sun", "2026-11-23 09:00:00", "2026-11-28 08:00:00"),
            ("0 0 1 * *", "2026-11-23 00:00:00", "2026-12-01 00:00:00"),
            ("0 0 29 2 *", "2026-11-23 00:00:00", "2028-02-29 00:00:00"),
        ] {
            assert_eq!(plan(cron, "catch_up = true").next(at(after)), Some(at(next)), "{cron}");
        }
    }

    #[test]
    fn lines_that_mean_different_things_to_different_programs_are_refused() {
        for (cron, said) in [
            ("30 1 * * 1-5", "Mon-Fri"),
            ("30 1 * * 0", "Mon-Fri"),
            ("0 30 1 * * *", "5 个"),
            ("@daily", "5 个"),
            ("30 1 1 * Mon", "只限定其一"),
            ("61 1 * * *", "无法识别"),
            ("30 1 * * Xyz", "无法识别"),
        ] {
            let error = schedule(cron).unwrap_err();
            assert!(error.contains(said), "{cron}: {error}");
        }
        for (text, said) in [
            ("time_zone = \"Asia/Nowhere\"\njobs = []", "时区"),
            ("time_zone = \"Asia/Shanghai\"\njobs = [{ name = \"j\" }]", "cron"),
            (
                "time_zone = \"Asia/Shanghai\"\njobs = [{ name = \"j\", cron = \"1 1 * * *\", catch_up = true, window = \"1h\" }]",
                "window",
            ),
        ] {
            let error = Plan::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let twice = "time_zone = \"Asia/Shanghai\"\njobs = [{ name = \"j\", cron = \"1 1 * * *\", catch_up = true }, { name = \"j\", cron = \"1 1 * * *\", catch_up = true }]";
        assert!(Plan::parse(twice).unwrap_err().to_string().contains("两次"));
    }

    #[test]
    fn a_job_is_due_once_and_missed_runs_collapse_into_one() {
        let nightly = plan("30 1 * * *", "catch_up = true\nwindow = \"01:30-06:30\"");
        let since = at("2026-11-20 12:00:00");
        let done = |due| Some(last(due, JobState::Done, due));
        let end = Some(at("2026-11-23 06:30:00"));
        let on_time = Some(Due {
            due_at: at("2026-11-23 01:30:00"),
            catch_up: false,
            window_end: end,
        });
        let late = on_time.map(|due| Due { catch_up: true, ..due });
        for (what, last, now, expected) in [
            ("before", done("2026-11-22 01:30:00"), "2026-11-23 01:29:59", None),
            (
                "on the second",
                done("2026-11-22 01:30:00"),
                "2026-11-23 01:30:00",
                on_time,
            ),
            (
                "a slice later",
                done("2026-11-22 01:30:00"),
                "2026-11-23 01:30:29",
                on_time,
            ),
            ("done", done("2026-11-23 01:30:00"), "2026-11-23 01:30:29", None),
            (
                "the clock set back",
                done("2026-11-23 01:30:00"),
                "2026-11-23 00:40:00",
                None,
            ),
            (
                "the clock set back a day",
                done("2026-11-23 01:30:00"),
                "2026-11-22 01:30:00",
                None,
            ),
            (
                "three days down",
                done("2026-11-20 01:30:00"),
                "2026-11-23 03:00:00",
                late,
            ),
            (
                "down over the window",
                done("2026-11-20 01:30:00"),
                "2026-11-23 10:00:00",
                None,
            ),
            ("never run, since before", None, "2026-11-23 03:00:00", late),
            ("never run, nothing passed since", None, "2026-11-20 13:00:00", None),
        ] {
            assert_eq!(nightly.due(last.as_ref(), since, at(now)), expected, "{what}");
        }
        let strict = plan("30 1 * * *", "catch_up = false");
        let missed = done("2026-11-20 01:30:00");
        assert_eq!(strict.due(missed.as_ref(), since, at("2026-11-23 03:00:00")), None);
        assert!(strict.due(missed.as_ref(), since, at("2026-11-23 01:31:00")).is_some());
    }

    #[test]
    fn a_run_whose_process_died_is_taken_up() {
        let nightly = plan("30 1 * * *", "catch_up = true\nwindow = \"01:30-06:30\"");
        let died = last("2026-11-23 01:30:00", JobState::Running, "2026-11-23 01:50:00");
        assert_eq!(
            nightly.due(Some(&died), 0, at("2026-11-23 01:50:00")),
            None,
            "it still lives"
        );
        let due = nightly.due(Some(&died), 0, at("2026-11-23 01:51:00")).unwrap();
        assert_eq!((due.due_at, due.catch_up), (at("2026-11-23 01:30:00"), true));
        assert_eq!(
            nightly.due(Some(&died), 0, at("2026-11-23 07:00:00")),
            None,
            "the window is over"
        );
        let next = nightly.due(Some(&died), 0, at("2026-11-24 01:30:10")).unwrap();
        assert_eq!(
            (next.due_at, next.catch_up),
            (at("2026-11-24 01:30:00"), false),
            "the newer due time goes first"
        );
    }

    #[test]
    fn a_window_may_go_over_midnight() {
        let late = plan("0 23 * * *", "catch_up = true\nwindow = \"22:00-05:00\"");
        for (now, end) in [
            ("2026-11-23 23:00:00", Some("2026-11-24 05:00:00")),
            ("2026-11-24 04:59:59", Some("2026-11-24 05:00:00")),
            ("2026-11-24 05:00:00", None),
            ("2026-11-24 12:00:00", None),
        ] {
            let due = late.due(None, at("2026-11-23 12:00:00"), at(now));
            assert_eq!(due.and_then(|due| due.window_end), end.map(at), "{now}");
        }
    }

    #[test]
    fn looking_back_agrees_with_looking_ahead() {
        for cron in ["30 1 * * *", "*/7 3 * * Mon-Fri", "0 0 1 */2 *"] {
            let job = plan(cron, "catch_up = true");
            let mut at_last = job.next(at("2026-01-01 00:00:00")).unwrap();
            for _ in 0..200 {
                let next = job.next(at_last).unwrap();
                assert_eq!(job.latest(at_last), Some(at_last));
                assert_eq!(job.latest(at_last + 500), Some(at_last));
                assert_eq!(job.latest(next - 1), Some(at_last), "{cron}");
                at_last = next;
            }
        }
    }
}

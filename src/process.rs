//! Names of processes, by which another process of the same machine can tell whether one is still there.
//!
//! A run is its holder's until its lease lapses. Where the holder was a process of this machine and is gone, nobody has to wait for that.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

/// This process: the machine since its last start, the process id, and when the process started. Falls back to a random name where
/// the system does not tell; such a holder is never found dead.
pub fn holder() -> String {
    let pid = std::process::id();
    match (machine(), started(pid)) {
        (Some(machine), Some(started)) => format!("{machine}/{pid}/{started}"),
        _ => format!("{}/{pid}", uuid::Uuid::now_v7()),
    }
}

/// Whether `holder` names a process of this machine that is no more.
pub fn is_dead(holder: &str) -> bool {
    let mut parts = holder.rsplitn(3, '/');
    let (Some(then), Some(pid), Some(there)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let Ok(pid) = pid.parse() else { return false };
    machine().is_some_and(|here| here == there) && started(pid).as_deref() != Some(then)
}

/// Who runs this process: the account's name on this machine, and after a `su` or `sudo` also who logged in to the machine, `root(zhang)`.
pub fn user() -> String {
    let Ok(own) = fs::metadata("/proc/self") else {
        return "unknown".into();
    };
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = |id: u32| {
        let named = accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
        });
        named.unwrap_or_else(|| format!("uid-{id}"))
    };
    let own = own.uid();
    // The kernel keeps who logged in; the greatest number stands for nobody, as in services and containers.
    let logged_in = fs::read_to_string("/proc/self/loginuid").ok();
    let logged_in = logged_in.and_then(|id| id.trim().parse().ok());
    match logged_in.filter(|&id| id != u32::MAX && id != own) {
        Some(id) => format!("{}({})", name(own), name(id)),
        None => name(own),
    }
}

/// The machine since its last start. Containers on one machine count as several: they do not see each other's processes.
fn machine() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}/{}", boot.trim(), space.display()))
}

/// When a living process started, in the kernel's ticks.
fn started(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything; the state follows it, and the start is the twentieth from there.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let state = fields.next()?;
    let ticks = fields.nth(18)?;
    (state != "Z").then(|| ticks.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_living_the_dead_and_strangers_are_told_apart() {
        assert!(!is_dead(&holder()));
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let other = format!("{}/{}/{}", machine().unwrap(), child.id(), started(child.id()).unwrap());
        assert!(!is_dead(&other));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(is_dead(&other));
        assert!(!is_dead("another-boot/pid:[1]/1/1"));
        assert!(!is_dead("somebody"));
        let recycled = format!("{}/{}/1", machine().unwrap(), std::process::id());
        assert!(is_dead(&recycled), "the same id, another process");
    }
}

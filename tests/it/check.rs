//! `retrofit check` and `retrofit demo` as people run them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use retrofit_import::workbook::{Limits, Worker};
use serde_json::Value;

use crate::support::RETROFIT;

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("import/tests/rosters")
        .join(name)
}

fn check(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(RETROFIT);
    command.arg("check").args(["--today", "2026-11-23"]).args(arguments);
    command.env("RETROFIT_DATA_DIR", folder.join("data")).output().unwrap()
}

#[test]
fn several_files_give_one_json_and_the_highest_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let sound = folder.path().join("sound.csv");
    let text = "工程名称,工程类别,工程性质,用途,产权单位,县区,乡镇街道,详细地址,结构类型,烈度,加速度,设防类别,工程进度\n\
                第一小学教学楼,学校,加固,教学楼,第一小学,东昌府区,古楼街道,兴华路1号,砌体结构,7度,0.15g,乙类,计划加固\n";
    fs::write(&sound, text).unwrap();
    let (sound, image) = (sound.to_str().unwrap(), sample("80-image.xlsx"));
    let (image, missing) = (image.to_str().unwrap(), "no-such-file.xlsx");

    for (files, code, told) in [
        (vec![sound], 0, 1),
        (vec![sound, image], 2, 2),
        (vec![missing, sound], 2, 1),
    ] {
        let arguments = [&files[..], &["--format", "json", "--records", "--department", "JTJ"]].concat();
        let output = check(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(code), "{files:?}");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let files = json["files"].as_array().unwrap();
        assert_eq!(files.len(), told);
        assert!(
            files
                .iter()
                .all(|file| file["department"] == "JTJ" && file["findings"].is_array())
        );
    }
    let output = check(folder.path(), &[sound, "--format", "json", "--records"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let file = &json["files"][0];
    assert_eq!(
        file["sheets"],
        serde_json::json!([{ "name": "", "header_row": 1, "data_rows": [2] }])
    );
    assert_eq!(file["records"][0]["values"]["township"], "371502001");
    assert_eq!(
        check(folder.path(), &[sound, "--department", "NOPE"]).status.code(),
        Some(2)
    );
}

#[test]
fn an_annotated_copy_is_written_beside_the_original_and_never_over_it() {
    let folder = tempfile::tempdir().unwrap();
    let original = folder.path().join("a.csv");
    fs::copy(sample("08-gdgs-power-utf8.csv"), &original).unwrap();
    let link = folder.path().join("b.csv");
    std::os::unix::fs::symlink(&original, &link).unwrap();
    let before = fs::read(&original).unwrap();
    for out in [&original, &link] {
        let output = check(
            folder.path(),
            &[original.to_str().unwrap(), "--annotated", out.to_str().unwrap()],
        );
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(fs::read(&original).unwrap(), before);
    }
    let copy = folder.path().join("copy.xlsx");
    let output = check(
        folder.path(),
        &[original.to_str().unwrap(), "--annotated", copy.to_str().unwrap()],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(fs::read(&copy).unwrap().starts_with(b"PK"));
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(RETROFIT);
    command
        .args(["check", "--format", "json", "--records"])
        .arg(sample("01-jtj-schools.xlsx"));
    command
        .env("RETROFIT_DATA_DIR", folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()),
        (Some(1), "")
    );
}

#[cfg(feature = "demo")]
#[test]
fn the_demonstration_delivers_and_starts_clean_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let demonstrate = || {
        let output = Command::new(RETROFIT)
            .args(["demo", "--once"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let balance = |told: &str| told.lines().find(|line| line.starts_with("对账")).unwrap().to_owned();
    let first = demonstrate();
    assert!(balance(&first).contains("待查 0"), "{first}");
    assert_eq!(balance(&first), balance(&demonstrate()));

    let foreign = tempfile::tempdir().unwrap();
    let kept = foreign.path().join("retrofit-demo/kept.txt");
    fs::create_dir(foreign.path().join("retrofit-demo")).unwrap();
    fs::write(&kept, "kept").unwrap();
    let output = Command::new(RETROFIT)
        .args(["demo", "--once"])
        .current_dir(foreign.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(kept.exists());
}

/// The binary has an allocator of its own: a child of it that runs out of memory says so as any other.
#[test]
fn a_child_without_memory_ends_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("long.csv");
    fs::write(&file, "a,b\n".repeat(20 << 20)).unwrap();
    let limits = Limits {
        file_bytes: 100 << 20,
        memory_bytes: 64 << 20,
        ..Limits::default()
    };
    let worker = Worker {
        program: RETROFIT.into(),
        args: vec!["worker".into()],
    };
    let refusal = worker.read(&file, &limits, &mut |_| {}).unwrap().unwrap_err();
    assert_eq!(refusal.code, "F003", "{refusal:?}");
    assert!(refusal.message.contains("内存超过64 MB"), "{refusal:?}");
}

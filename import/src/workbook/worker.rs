//! The parent's side of the child process that opens foreign bytes.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Instant;

use uuid::Uuid;

use super::cells::Event;
use super::limits::Limits;
use super::marks::Marks;
use super::sniff;
use super::wire::{self, Answer, Refused, Request};

/// Frames that the child may be ahead of the parent: a few megabytes at most, and enough to keep both at work.
const AHEAD: usize = 16;

/// Bytes of the child's last words that are kept for the log.
const LAST_WORDS: u64 = 4 << 10;

/// How the child is started: a program of ours and the arguments that make it read.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The program, usually the running binary itself.
    pub program: PathBuf,
    /// Its arguments, usually `worker`.
    pub args: Vec<OsString>,
}

/// Why a file is not read: the sender's fault, not ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// F001 (no spreadsheet that can be read), F002 (password-protected) or F003 (over a limit).
    pub code: &'static str,
    /// For the officer: what the file seems to be, and what to do.
    pub message: String,
    /// Where the child died of the file: the number to quote to the operator, who finds `detail` under it in the log.
    pub incident: Option<String>,
    /// For the log: what the reader said.
    pub detail: String,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self {
            code: refused.reason.code(),
            message: refused.message,
            incident: None,
            detail: refused.detail,
        }
    }
}

impl Worker {
    /// This binary with the argument `worker`.
    ///
    /// # Errors
    /// The running program's path is not known.
    pub fn current() -> io::Result<Self> {
        // The link stays true when an upgrade replaces the file under a running service.
        let link = PathBuf::from("/proc/self/exe");
        let program = if link.exists() { link } else { std::env::current_exe()? };
        Ok(Self {
            program,
            args: vec!["worker".into()],
        })
    }

    /// Reads a file in a child process, and hands over its parts as they come.
    ///
    /// A refusal may come after some events: what they brought is then void.
    ///
    /// # Errors
    /// The file could not be opened or read, or the child could not be started: our faults, none of the file's.
    pub fn read(
        &self,
        file: &Path,
        limits: &Limits,
        on_event: &mut dyn FnMut(Event),
    ) -> io::Result<Result<(), Refusal>> {
        let mut order = Order::default();
        self.ask(file, limits, None, &mut |answer| {
            let Answer::Event(event) = answer else { return false };
            let admitted = order.admits(&event);
            if admitted {
                on_event(event);
            }
            admitted
        })
    }

    /// Has a child process put marks into a file, and writes what comes out. A refusal says that the file is not one that is marked in
    /// place; what was written is then void.
    ///
    /// # Errors
    /// As [`Worker::read`]; and `out` could not be written.
    pub(crate) fn mark(
        &self,
        file: &Path,
        limits: &Limits,
        marks: &Marks,
        out: &mut dyn Write,
    ) -> io::Result<Result<(), Refusal>> {
        let mut written = Ok(());
        let marked = self.ask(file, limits, Some(marks), &mut |answer| match answer {
            Answer::Piece(bytes) => {
                written = out.write_all(&bytes);
                written.is_ok()
            }
            _ => false,
        });
        written.and(marked)
    }

    /// Asks a child process, and hands over its answers but the last; one that is not `heard` ends the asking.
    fn ask(
        &self,
        file: &Path,
        limits: &Limits,
        marks: Option<&Marks>,
        heard: &mut dyn FnMut(Answer) -> bool,
    ) -> io::Result<Result<(), Refusal>> {
        let mut bytes = File::open(file)?;
        if let Some(refused) = refuse_unopened(file, &mut bytes, limits)? {
            return Ok(Err(refused.into()));
        }
        let request = Request {
            limits: limits.clone(),
            bytes: bytes.metadata()?.len(),
            marks: marks.cloned(),
        };
        let request = postcard::to_stdvec(&request).map_err(io::Error::other)?;
        let deadline = Instant::now() + limits.wall;
        thread::scope(|scope| {
            // Inside the scope, so that a panic in `heard` ends the child and with it the threads that the scope waits for.
            let mut running = Running::start(self)?;
            let (mut input, mut output, mut errors) = running.pipes()?;
            let feeder = scope.spawn(move || feed(&mut input, &request, &mut bytes));
            let last_words = scope.spawn(move || listen(&mut errors));
            let (sender, frames) = mpsc::sync_channel(AHEAD);
            scope.spawn(move || forward(&mut output, &sender));

            let end = follow(&frames, deadline, heard);
            // With the receiver closed and the child gone, all three threads come to their ends.
            drop(frames);
            let status = running.stop()?;
            let words = last_words.join().unwrap_or_default();
            feeder.join().map_err(|_| io::Error::other("feeder panicked"))??;
            Ok(match end {
                End::Done => Ok(()),
                End::Refused(refused) => Err(refused.into()),
                End::Late => Err(incident(
                    too_long(limits),
                    format!("over {:?} by the wall", limits.wall),
                )),
                End::Garbled(fault) => Err(incident(Refused::unreadable(DIED, ""), fault)),
                End::Gone => Err(incident(
                    cause_of_death(status, &words, limits),
                    format!("{status}; {words}"),
                )),
            })
        })
    }
}

/// What an officer can do about a file that kills its reader.
const DIED: &str = "文件内容异常，读取时出错，已停止。请用 Excel 或 WPS 打开，另存为 .xlsx 后再报送。";

/// Refusals that need no child: too large, empty, or no workbook by its first bytes.
fn refuse_unopened(file: &Path, bytes: &mut File, limits: &Limits) -> io::Result<Option<Refused>> {
    let size = bytes.metadata()?.len();
    if size > limits.file_bytes {
        let (size, most) = (size >> 20, limits.file_bytes >> 20);
        return Ok(Some(Refused::over(format!(
            "文件有{size} MB，超过{most} MB。请拆成几个文件报送。"
        ))));
    }
    if size == 0 {
        return Ok(Some(Refused::unreadable(
            "文件是空的，没有内容。请重新保存或重新下载后再报送。",
            "empty",
        )));
    }
    let mut head = Vec::new();
    Read::take(&mut *bytes, sniff::HEAD).read_to_end(&mut head)?;
    bytes.rewind()?;
    let lock_name = file
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("~$"));
    Ok(sniff::lock_file(&head, size, lock_name).or_else(|| sniff::foreign(&head)))
}

/// The request and then the file. A child that stops listening says why by its end.
fn feed(input: &mut ChildStdin, request: &[u8], file: &mut File) -> io::Result<()> {
    let mut heard = wire::write_frame(input, request).is_ok();
    let mut chunk = vec![0; 64 << 10];
    while heard {
        let length = file.read(&mut chunk)?;
        heard = length > 0 && input.write_all(&chunk[..length]).is_ok();
    }
    Ok(())
}

/// The child's last words; what is not kept is drained, lest the child waits for a reader.
fn listen(errors: &mut ChildStderr) -> String {
    let mut kept = Vec::new();
    let _ = errors.by_ref().take(LAST_WORDS).read_to_end(&mut kept);
    let _ = io::copy(errors, &mut io::sink());
    String::from_utf8_lossy(&kept).trim().to_owned()
}

/// Frames to the follower, until either end stops.
fn forward(output: &mut ChildStdout, to: &SyncSender<io::Result<Vec<u8>>>) {
    while let Some(frame) = wire::read_frame(output).transpose() {
        let last = frame.is_err();
        if to.send(frame).is_err() || last {
            return;
        }
    }
}

/// How a child's answer ended.
enum End {
    Done,
    Refused(Refused),
    /// Not in time.
    Late,
    /// In words that no child of ours says.
    Garbled(String),
    /// Without a last word.
    Gone,
}

fn follow(frames: &Receiver<io::Result<Vec<u8>>>, deadline: Instant, heard: &mut dyn FnMut(Answer) -> bool) -> End {
    loop {
        let frame = match frames.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Ok(frame)) => frame,
            // A stream that breaks off is that of a child that died while it wrote.
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => return End::Gone,
            Ok(Err(error)) => return End::Garbled(error.to_string()),
            Err(RecvTimeoutError::Timeout) => return End::Late,
            Err(RecvTimeoutError::Disconnected) => return End::Gone,
        };
        let mut rest = frame.as_slice();
        while !rest.is_empty() {
            match wire::take_answer(&mut rest) {
                Some(Answer::Done) => return End::Done,
                Some(Answer::Refused(refused)) => return End::Refused(refused),
                Some(answer) => {
                    if !heard(answer) {
                        return End::Garbled("an answer out of order".into());
                    }
                }
                None => return End::Garbled("no answer".into()),
            }
        }
    }
}

/// The order in which events may come, so that nothing after this relies on the child for it.
#[derive(Default)]
struct Order {
    format: bool,
    sheet: bool,
    next_row: u32,
}

impl Order {
    fn admits(&mut self, event: &Event) -> bool {
        match event {
            Event::Format(_) => !std::mem::replace(&mut self.format, true),
            Event::Sheet(_) => {
                self.sheet = true;
                self.next_row = 0;
                self.format
            }
            Event::Row(row) => {
                let fits = self.sheet && row.index >= self.next_row;
                self.next_row = row.index.saturating_add(1);
                fits && row.cells.is_sorted_by(|one, next| one.column < next.column)
            }
        }
    }
}

/// The child; it never outlives this.
struct Running(Child);

impl Running {
    fn start(worker: &Worker) -> io::Result<Self> {
        let mut command = Command::new(&worker.program);
        command
            .args(&worker.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // It needs nothing of ours: no secrets, no folder.
        command.env_clear().current_dir("/");
        // What an allocator reserves before the child sets its limits would be held by none of them.
        command.env("MIMALLOC_ARENA_RESERVE", "0");
        Ok(Self(command.spawn()?))
    }

    fn pipes(&mut self) -> io::Result<(ChildStdin, ChildStdout, ChildStderr)> {
        let Child {
            stdin, stdout, stderr, ..
        } = &mut self.0;
        match (stdin.take(), stdout.take(), stderr.take()) {
            (Some(input), Some(output), Some(errors)) => Ok((input, output, errors)),
            _ => Err(io::Error::other("child without pipes")),
        }
    }

    /// Ends it, if it has not ended; one that has keeps its own status.
    fn stop(&mut self) -> io::Result<ExitStatus> {
        self.0.kill()?;
        self.0.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

fn incident(refused: Refused, detail: String) -> Refusal {
    let incident = Uuid::now_v7().to_string();
    let Refused { reason, message, .. } = refused;
    let message = format!("{message}（事件编号：{incident}）");
    Refusal {
        code: reason.code(),
        message,
        incident: Some(incident),
        detail,
    }
}

fn too_long(limits: &Limits) -> Refused {
    Refused::over(format!(
        "读取超过{}秒，已停止。请删除多余的工作表和内容，或拆成几个文件报送。",
        limits.wall.as_secs()
    ))
}

/// What a child died of, from its status and its last words.
fn cause_of_death(status: ExitStatus, words: &str, limits: &Limits) -> Refused {
    /// Sent when the processor time is used up.
    const SIGXCPU: i32 = 24;
    /// Sent by a system that runs out of memory.
    const SIGKILL: i32 = 9;
    let out_of_memory = ["memory allocation of", "capacity overflow", "out of memory"];
    let out_of_memory = out_of_memory.iter().any(|said| words.contains(said));
    match status.signal() {
        Some(SIGXCPU) => Refused::over(format!(
            "读取用去的处理器时间超过{}秒，已停止。请用 Excel 或 WPS 打开，另存为 .xlsx 后再报送。",
            limits.cpu.as_secs()
        )),
        signal if out_of_memory || signal == Some(SIGKILL) => Refused::over(format!(
            "读取所需内存超过{} MB，已停止。请用 Excel 或 WPS 打开，删除多余内容，另存为 .xlsx 后再报送。",
            limits.memory_bytes >> 20
        )),
        _ => Refused::unreadable(DIED, ""),
    }
}

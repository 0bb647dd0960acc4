//! A log file with group commit: what was appended is on the disk before its caller is answered.

use std::{fs::File, io::Write, path::Path};

use tokio::sync::{mpsc, oneshot};

type Append = (Vec<u8>, oneshot::Sender<()>);

#[derive(Clone)]
pub struct Log(mpsc::UnboundedSender<Append>);

impl Log {
    /// Creates the file. A thread of its own writes whatever has come in, calls fdatasync once, and answers for all of it.
    pub fn create(path: &Path) -> Self {
        let mut file = File::create(path).unwrap();
        let (sender, mut appends) = mpsc::unbounded_channel::<Append>();
        std::thread::spawn(move || {
            while let Some((mut bytes, answer)) = appends.blocking_recv() {
                let mut answers = vec![answer];
                while let Ok((more, answer)) = appends.try_recv() {
                    bytes.extend(more);
                    answers.push(answer);
                }
                file.write_all(&bytes).unwrap();
                file.sync_data().unwrap();
                for answer in answers {
                    let _ = answer.send(());
                }
            }
        });
        Self(sender)
    }

    /// Returns when the bytes are on the disk.
    pub async fn append(&self, bytes: Vec<u8>) {
        let (answer, answered) = oneshot::channel();
        self.0.send((bytes, answer)).unwrap();
        answered.await.unwrap();
    }
}

//! A browser that runs no script: it opens pages, sends forms and keeps cookies, and speaks HTTP/1.1 itself.

use std::{collections::BTreeMap, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::kit::{Org, free_port};

/// An answer of the console.
pub struct Page {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// Where it leads.
    pub fn leads_to(&self) -> &str {
        self.header("location")
    }

    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let at = self.text.find(&mark).unwrap_or_else(|| panic!("no field {name} in {}", self.text));
        self.text[at + mark.len()..].split('"').next().unwrap().to_owned()
    }
}

/// A browser, with the cookies of one console.
pub struct Browser {
    pub host: String,
    pub cookies: BTreeMap<String, String>,
    pub language: &'static str,
    /// Headers that take the place of the usual ones.
    pub instead: Vec<(&'static str, String)>,
}

impl Browser {
    /// A new one, with no cookies.
    pub fn at(origin: &str) -> Self {
        let host = origin.strip_prefix("http://").unwrap().to_owned();
        Self { host, cookies: BTreeMap::new(), language: "en", instead: vec![] }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send("GET", path, None).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        self.send("POST", path, Some(form.collect::<Vec<_>>().join("&"))).await
    }

    async fn send(&mut self, method: &str, path: &str, form: Option<String>) -> Page {
        let mut headers = vec![("host", self.host.clone()), ("accept-language", self.language.to_owned())];
        if method == "POST" {
            // As browsers do that send no referrer.
            headers.push(("origin", "null".to_owned()));
            headers.push(("sec-fetch-site", "same-origin".to_owned()));
            headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
        }
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        headers.push(("cookie", cookies.join("; ")));
        for (name, value) in &self.instead {
            headers.retain(|(n, _)| n != name);
            headers.push((name, value.clone()));
        }
        let form = form.unwrap_or_default();
        headers.push(("content-length", form.len().to_string()));
        headers.push(("connection", "close".to_owned()));
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        stream.write_all(format!("{method} {path} HTTP/1.1\r\n{headers}\r\n{form}").as_bytes()).await.unwrap();
        let mut bytes = vec![];
        tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut bytes)).await.unwrap().unwrap();
        let page = parsed(&bytes);
        for (_, cookie) in page.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        page
    }

    /// All names below `localhost` are this machine.
    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.host.rsplit(':').next().unwrap())
    }
}

/// An answer with a whole or a chunked body.
fn parsed(bytes: &[u8]) -> Page {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> =
        lines.filter_map(|l| l.split_once(": ")).map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned())).collect();
    let is_chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let text = if is_chunked { joined(body) } else { body.to_owned() };
    Page { status, headers, text }
}

fn joined(body: &str) -> String {
    let (mut whole, mut rest) = (String::new(), body);
    while let Some((size, more)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or_default();
        if size == 0 || size > more.len() {
            break;
        }
        whole.push_str(&more[..size]);
        rest = more[size..].trim_start_matches("\r\n");
    }
    whole
}

/// Every byte that is no letter and no digit as `%XX`.
pub fn encoded(text: &str) -> String {
    let one =
        |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

/// Starts the organisation's node again, with a console. Returns its origin.
pub async fn with_console(org: &mut Org) -> String {
    let origin = format!("http://127.0.0.1:{}", free_port());
    org.kill().await;
    org.environment.push(("WATCHFIRE_LISTEN_CONSOLE", origin.clone()));
    org.start().await;
    origin
}

/// A browser in which this person is signed in.
pub async fn signed_in(org: &Org, who: &str) -> Browser {
    let made = org.one(&["--as", who, "console", "link"]).await;
    let url = made["url"].as_str().unwrap();
    let (origin, path) = url.split_once("/sign-in").unwrap();
    let mut browser = Browser::at(origin);
    let page = browser.get(&format!("/sign-in{path}")).await;
    let opened = browser.post("/sign-in", &[("link", &page.field("link"))]).await;
    assert_eq!((opened.status, opened.leads_to()), (303, "/"), "{}", opened.text);
    browser
}

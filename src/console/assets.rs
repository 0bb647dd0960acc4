//! The files that pages load: a style sheet and an icon. They are part of the program. Their names contain their hash, so that browsers may keep them.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::seal::hash::sha256;

/// How many bytes of the hash are in a name.
const HASH_BYTES: usize = 8;

/// A file, with its media type.
struct Asset {
    name: String,
    media_type: &'static str,
    content: &'static [u8],
}

/// All files.
pub struct Assets {
    style: Asset,
    icon: Asset,
}

impl Asset {
    fn new(stem: &str, extension: &str, media_type: &'static str, content: &'static [u8]) -> Self {
        let hash = sha256(&[content]);
        let hash = hex::encode(hash.get(..HASH_BYTES).unwrap_or(&hash));
        Self { name: format!("{stem}.{hash}.{extension}"), media_type, content }
    }

    fn path(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

impl Assets {
    /// Reads the files that are part of the program.
    pub fn new() -> Self {
        let style = include_str!("assets/console.css").as_bytes();
        let icon = include_str!("assets/icon.svg").as_bytes();
        Self {
            style: Asset::new("console", "css", "text/css; charset=utf-8", style),
            icon: Asset::new("icon", "svg", "image/svg+xml", icon),
        }
    }

    /// The address of the style sheet.
    pub fn style(&self) -> String {
        self.style.path()
    }

    /// The address of the icon.
    pub fn icon(&self) -> String {
        self.icon.path()
    }

    /// The file with this name.
    pub fn answer(&self, name: &str) -> Response {
        match [&self.style, &self.icon].into_iter().find(|asset| asset.name == name) {
            Some(asset) => {
                ([(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type))], asset.content).into_response()
            }
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }
}

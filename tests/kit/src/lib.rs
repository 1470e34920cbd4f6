//! What tests sign and show: people with keys, a site with its documents, media on disk.
//!
//! ```
//! use cotmoc_test_kit::{Site, media};
//! let site = Site::new();
//! let slide = media::describe(cotmoc_proto::media::Mime::Png, &media::png(64, 32, [0, 90, 200]));
//! let release = site.release(1, &slide.asset, &[&slide.asset]);
//! let envelope = site.seal_release(&release);
//! # assert!(!envelope.is_empty());
//! ```

#![allow(
    clippy::missing_panics_doc,
    reason = "in a test a panic is the message"
)]

mod document;
pub mod media;
mod person;
mod site;

pub use document::{ISSUED, always_open, item};
pub use person::{Person, seal, seal_payload};
pub use site::Site;

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::media::{ChunkList, Mime};
    use cotmoc_proto::trust::{factory_root, verify_override, verify_release, verify_takedown};

    #[test]
    fn what_the_kit_seals_is_good() {
        let site = Site::new();
        let root = factory_root(&site.factory_root()).unwrap();
        let slide = media::describe(Mime::Png, &media::png(64, 32, [0, 90, 200]));
        assert!(ChunkList::parse(&slide.asset, &slide.chunk_list).is_some());
        let release = site.release(3, &slide.asset, &[&slide.asset]);
        let me = site.identity("W01");
        let admitted = verify_release(&root, &me, &site.seal_release(&release)).unwrap();
        assert_eq!(admitted.document, release);
        let takedown = site.takedown(1, 3, &[slide.asset.sha256]);
        verify_takedown(&root, &me, &site.seal_takedown(&takedown)).unwrap();
        let template = item("emergency", &slide.asset, 10_000);
        let order = site.override_show(1, &template, 60_000);
        verify_override(&root, &me, &site.seal_override(&order)).unwrap();
        let end = site.override_end(2, 1);
        verify_override(&root, &me, &site.seal_override(&end)).unwrap();
    }

    #[test]
    fn noise_is_the_same_for_one_seed_and_other_for_another() {
        assert_eq!(media::noise(1, 100), media::noise(1, 100));
        assert_ne!(media::noise(1, 100), media::noise(2, 100));
        assert_eq!(media::png(2, 2, [1, 2, 3])[0..8], *b"\x89PNG\r\n\x1a\n",);
    }
}

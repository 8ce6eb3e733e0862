//! Folders to photos: walk, read, decode, fingerprint.

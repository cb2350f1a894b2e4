//! How money arrives and leaves. Pure.

//! Rows with names.

/// A struct that `sqlx::query_as` fills from the columns of its fields' names, from both databases.
///
/// ```text
/// row! {
///     struct LogRow { name: String, created: i64 }
/// }
/// ```
#[macro_export]
macro_rules! row {
    (
        $(#[$about:meta])*
        $seen:vis struct $name:ident {
            $($(#[$of:meta])* $shown:vis $column:ident: $kind:ty),+ $(,)?
        }
    ) => {
        $(#[$about])*
        $seen struct $name {
            $($(#[$of])* $shown $column: $kind),+
        }

        impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for $name
        where
            &'static str: sqlx::ColumnIndex<R>,
            $($kind: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>),+
        {
            fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
                Ok(Self { $($column: row.try_get(stringify!($column))?),+ })
            }
        }
    };
}

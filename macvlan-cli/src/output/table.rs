//! Aligned columns.

use crate::escape::escaped;
use crate::output::style::{Role, codes, paint, width};

/// Returns rows as aligned columns, under headings if there are rows.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let columns = headings.len();
    let headings = headings.iter().map(|heading| paint(Role::Heading, heading)).collect();
    // Escaped here, because that changes their widths.
    let row = |row: &Vec<String>| row.iter().map(|cell| escaped(cell, codes())).collect();
    let all: Vec<Vec<String>> = std::iter::once(headings).chain(rows.iter().map(row)).collect();
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            all.iter().filter_map(|row| row.get(at)).map(|cell| width(cell)).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in all {
        let mut line = String::new();
        for (cell, wide) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(wide + 2 - width(cell)));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [vec!["a".to_owned(), "1".to_owned()], vec!["long".to_owned(), String::new()]];
        assert_eq!(table(&["NAME", "N"], &rows), "NAME  N\na     1\nlong\n");
        assert_eq!(table(&["NAME"], &[]), "");
    }
}

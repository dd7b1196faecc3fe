"""Workbooks of reports: `reports.sheets.agency` and its neighbours fill a `Book` with what a document says."""

from spbe_portal.books import NUMBER_FORMATS, TEXT_MAX, Book, Cell, Column

__all__ = ["NUMBER_FORMATS", "TEXT_MAX", "Book", "Cell", "Column"]

import { ClickleafError, shown } from "./error.js";

/** Number of rows of a batch given by columns; `known` says whether there is such a column. */
export function rowsOfColumns(columns, known) {
  let rows;
  let first;
  for (const name of Object.keys(columns)) {
    if (!known(name)) throw new ClickleafError("batch", `no column is called ${shown(name)}`);
    const length = columns[name]?.length;
    if (typeof columns[name] !== "object" || !Number.isInteger(length)) {
      throw new ClickleafError("batch", `expected an array, found ${shown(columns[name])}`, { column: name });
    }
    if (rows === undefined) [rows, first] = [length, name];
    if (rows !== length) {
      throw new ClickleafError("batch", `${length} rows, but ${rows} in column ${first}`, { column: name });
    }
  }
  if (rows === undefined) throw new ClickleafError("batch", "no column, so the number of rows is unknown");
  return rows;
}

/** Whether a value is a plain object of named values. */
export function isNamed(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

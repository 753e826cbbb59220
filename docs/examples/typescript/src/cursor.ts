import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

/**
 * A position that is kept in a file. It is written after the work: a program that is killed
 * between the two handles an event again. To handle each event exactly once, keep the
 * position in the database of your work, and write both in one transaction.
 */
export class Cursor {
  position: string | undefined;

  constructor(private readonly file: string) {
    if (existsSync(file)) this.position = readFileSync(file, "utf8").trim();
  }

  save(position: string): void {
    writeFileSync(`${this.file}.new`, position);
    renameSync(`${this.file}.new`, this.file);
    this.position = position;
  }
}

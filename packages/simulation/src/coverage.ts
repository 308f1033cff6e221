/** Counts the faults, by kind and place. */
export class Coverage {
  readonly cells = new Map<string, number>();
  total = 0;

  /** @param matrix cells that are listed even with a count of 0 */
  constructor(matrix: readonly (readonly [fault: string, where: string])[] = []) {
    for (const [fault, where] of matrix) this.cells.set(`${fault} × ${where}`, 0);
  }

  hit(fault: string, where: string): void {
    const cell = `${fault} × ${where}`;
    this.cells.set(cell, (this.cells.get(cell) ?? 0) + 1);
    this.total += 1;
  }

  add(other: Coverage): void {
    for (const [cell, hits] of other.cells) this.cells.set(cell, (this.cells.get(cell) ?? 0) + hits);
    this.total += other.total;
  }

  leastHit(): [cell: string, hits: number] {
    return [...this.cells].reduce((least, cell) => (cell[1] < least[1] ? cell : least), ['none', Infinity]);
  }

  /** One row for each place, one column for each fault. */
  table(): string {
    const split = [...this.cells.keys()].map((cell) => cell.split(' × ') as [string, string]);
    const faults = [...new Set(split.map(([fault]) => fault))].sort();
    const places = [...new Set(split.map(([, place]) => place))].sort();
    const rows = [
      ['', ...faults],
      ...places.map((place) => [place, ...faults.map((fault) => String(this.cells.get(`${fault} × ${place}`) ?? ''))]),
    ];
    const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
    return rows
      .map((row) =>
        row
          .map((text, column) => (column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)))
          .join('  '),
      )
      .join('\n');
  }
}

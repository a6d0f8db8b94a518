/** Counts log records that will reach nobody. */
export class Drops {
	#count = 0;

	get count(): number {
		return this.#count;
	}

	add(records: number): void {
		this.#count += records;
	}
}

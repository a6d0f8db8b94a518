import { describe, expect, it } from "vitest";
import { type Instant, SnapshotCache } from "../src/index.js";
import { verified } from "./verified.js";

const at = (monotonicMs: number): Instant => ({ wallMs: 1_000_000 + monotonicMs, monotonicMs });

function cell(): { cache: SnapshotCache<string>; released: string[] } {
	const released: string[] = [];
	return { cache: new SnapshotCache<string>((content) => released.push(content)), released };
}

describe("SnapshotCache", () => {
	it("starts empty because nothing was loaded", () => {
		const { cache } = cell();
		expect(cache.current).toBeUndefined();
		expect(cache.emptyReason).toBe("not_loaded");
	});

	it("releases the old content only after the new one can be read", async () => {
		const artifact = await verified();
		const seen: (string | undefined)[] = [];
		const cache: SnapshotCache<string> = new SnapshotCache((content) => {
			seen.push(content, cache.current?.content);
		});
		cache.replace({ artifact, content: "old", confirmedAt: at(0) });
		cache.replace({ artifact, content: "new", confirmedAt: at(1) });
		expect(seen).toEqual(["old", "new"]);
	});

	it("does not release content that stays", async () => {
		const artifact = await verified();
		const { cache, released } = cell();
		cache.replace({ artifact, content: "same", confirmedAt: at(0) });
		cache.replace({ artifact, content: "same", confirmedAt: at(1) });
		expect(released).toEqual([]);
		expect(cache.current?.confirmedAt).toEqual(at(1));
	});

	it("confirms by moving the time and nothing else", async () => {
		const artifact = await verified();
		const { cache, released } = cell();
		cache.replace({ artifact, content: "held", confirmedAt: at(0) });
		cache.confirm(at(7));
		expect(cache.current).toEqual({ artifact, content: "held", confirmedAt: at(7) });
		expect(released).toEqual([]);
	});

	it("T21 cannot be filled by a confirmation", () => {
		const { cache } = cell();
		cache.confirm(at(1));
		expect(cache.current).toBeUndefined();
	});

	it("clears once and remembers why", async () => {
		const artifact = await verified();
		const { cache, released } = cell();
		cache.replace({ artifact, content: "held", confirmedAt: at(0) });
		cache.clear("revoked");
		cache.clear("revoked");
		expect(cache.current).toBeUndefined();
		expect(cache.emptyReason).toBe("revoked");
		expect(released).toEqual(["held"]);
	});
});

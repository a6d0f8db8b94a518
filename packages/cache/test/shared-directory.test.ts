import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TrustFloor, type TrustFloorState } from "@clef-sh/artifact";
import { describe, expect, it } from "vitest";
import { encodeRecord } from "../src/artifact-record.js";
import { NOW, stage } from "./file-stage.js";

const FUTURE_MS = Date.parse("2099-01-01T00:00:00.000Z");

/** A floor under the key that signs in these tests, of an artifact that was packed at this time. */
function raised(state: TrustFloorState, packedAtMs: number): TrustFloorState {
	return { ...state, marks: state.marks.map((mark) => ({ ...mark, packedAtMs, revision: "r9" })) };
}

describe("A1 a floor that another agent has left", () => {
	it("from the future stands: what would fall below it is not written, and the floor stays", async () => {
		const { again, first, kept, path } = await stage();
		await first.save(kept);
		const floor = raised(kept.floor.state(), FUTURE_MS);
		writeFileSync(path(), encodeRecord({ bytes: kept.bytes, validator: undefined, floor }).data);
		await again().save(kept);
		const record = await again().load();
		expect(record?.floor).toEqual(floor);
		expect(record?.confirmedAtMs).toBeUndefined();
	});

	it("is taken over with what is written above it", async () => {
		const { again, first, floor, newer } = await stage();
		const revoking = new TrustFloor();
		revoking.merge(floor.state());
		revoking.revoke({ kind: "revocation", revokedAtMs: NOW - 3_600_000 }, NOW);
		await first.revoke(revoking);
		const next = await newer();
		await again().save(next);
		const record = await again().load();
		expect(record?.bytes).toEqual(next.bytes);
		expect(record?.floor).toMatchObject({
			revokedAtMs: NOW - 3_600_000,
			marks: [{ revision: "r2" }],
		});
	});

	it("of another key bars nobody", async () => {
		const { again, first, kept, path } = await stage();
		await first.save(kept);
		const [mark] = raised(kept.floor.state(), FUTURE_MS).marks;
		const marks = mark === undefined ? [] : [{ ...mark, signedBy: "f".repeat(64) }];
		writeFileSync(path(), encodeRecord({ bytes: undefined, validator: undefined, floor: { marks } }).data);
		await again().save(kept);
		const record = await again().load();
		expect(record?.bytes).toEqual(kept.bytes);
		expect(record?.floor.marks).toHaveLength(2);
	});

	it("cannot be read any more: what is held is written over it", async () => {
		const { again, first, kept, newer, path } = await stage();
		await first.save(await newer());
		writeFileSync(path(), readFileSync(path(), "latin1").replace("r2", "r9"), "latin1");
		await again().save(kept);
		expect((await again().load())?.bytes).toEqual(kept.bytes);
	});
});

describe("D35 two agents that write at the same moment", () => {
	it("leave one whole record, the same for both", async () => {
		const { again, kept } = await stage();
		await Promise.all([again().save(kept), again().save(kept), again().save(kept)]);
		expect((await again().load())?.bytes).toEqual(kept.bytes);
	});

	it("A1 end up with the newer artifact by the next confirmation of whoever holds it", async () => {
		const { again, kept, newer } = await stage();
		const [behind, ahead] = [again(), again()];
		const next = await newer();
		await Promise.all([behind.save(kept), ahead.save(next)]);
		for (const ms of [1, 2]) {
			await behind.save({ ...kept, confirmedAtMs: NOW + ms });
			await ahead.save({ ...next, confirmedAtMs: NOW + ms });
		}
		expect(await again().load()).toMatchObject({
			confirmedAtMs: NOW + 2,
			floor: { marks: [{ revision: "r2" }] },
		});
	});
});

describe("D35 agents with subjects of their own", () => {
	it("keep a record each, and clear away nothing of each other's", async () => {
		const { again, first, folder, kept, newer } = await stage();
		const other = again({ identity: "another" });
		await first.save(kept);
		await other.save(await newer());
		expect(readdirSync(folder)).toHaveLength(2);
		expect((await again().load())?.bytes).toEqual(kept.bytes);
		expect((await again({ identity: "another" }).load())?.floor.marks[0]?.revision).toBe("r2");
		expect(await again({ source: "file /elsewhere.json" }).load()).toBeUndefined();
	});
});

describe("a record whose confirmations were lost", () => {
	it("takes the next one without being written anew", async () => {
		const { again, first, kept, path } = await stage();
		await first.save(kept);
		const { extent } = encodeRecord({ ...kept, floor: kept.floor.state() });
		truncateSync(path(), extent.bytes);
		const { ino } = statSync(path());
		await first.save({ ...kept, confirmedAtMs: NOW + 7 });
		expect(statSync(path()).ino).toBe(ino);
		expect((await again().load())?.confirmedAtMs).toBe(NOW + 7);
	});

	it("D35 is written anew when more was lost with them", async () => {
		const { again, first, kept, path } = await stage();
		await first.save(kept);
		const { extent } = encodeRecord({ ...kept, floor: kept.floor.state() });
		truncateSync(path(), extent.bytes - 1);
		await first.save({ ...kept, confirmedAtMs: NOW + 7 });
		expect(await again().load()).toMatchObject({ bytes: kept.bytes, confirmedAtMs: NOW + 7 });
	});
});

it("leaves nothing but the record behind, however often it is written", async () => {
	const { again, first, folder, kept, newer } = await stage();
	for (const each of [kept, await newer(), kept]) await first.save(each);
	await again().save(kept);
	expect(readdirSync(folder).map((name) => join(folder, name))).toEqual([
		expect.stringMatching(/api-gateway\.[0-9a-f]{16}\.clef$/),
	]);
});

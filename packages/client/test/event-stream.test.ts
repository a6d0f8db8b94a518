import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventStreamParser, LONGEST_LINE, type ServerSentEvent } from "../src/event-stream.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function parse(...chunks: readonly (string | Uint8Array)[]): ServerSentEvent[] {
	const parser = new EventStreamParser();
	return chunks.flatMap((chunk) => parser.push(typeof chunk === "string" ? bytes(chunk) : chunk));
}

/** Cuts bytes at these places. */
function cut(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
	const sorted = [0, ...places.map((place) => place % (whole.length + 1)), whole.length].sort(
		(a, b) => a - b,
	);
	return sorted.slice(1).map((end, index) => whole.slice(sorted[index], end));
}

describe("the format", () => {
	it.each<[string, string, readonly Partial<ServerSentEvent>[]]>([
		[
			"an event with all fields",
			"event: revision\nid: 7\ndata: {}\n\n",
			[{ type: "revision", data: "{}", id: "7" }],
		],
		["no name means message", "data: a\n\n", [{ type: "message", data: "a", id: "" }]],
		["lines of data are joined", "data: a\ndata:b\ndata\n\n", [{ data: "a\nb\n" }]],
		["one space alone is dropped", "data:  a \n\n", [{ data: " a " }]],
		["comments and unknown fields are passed over", ": heartbeat\nx: 1\ndata: a\n\n", [{ data: "a" }]],
		[
			"without data there is no event",
			"event: a\nid: 1\n\ndata: b\n\n",
			[{ type: "message", data: "b", id: "1" }],
		],
		["empty data is data", "data\n\n", [{ data: "" }]],
		["an id stays", "id: 1\ndata: a\n\ndata: b\n\n", [{ id: "1" }, { id: "1" }]],
		["an id can be emptied", "id: 1\ndata: a\n\nid\ndata: b\n\n", [{ id: "1" }, { id: "" }]],
		["an id with NUL is passed over", "id: 1\nid: 2\0\ndata: a\n\n", [{ id: "1" }]],
		["an unfinished event is none", "data: a\n\ndata: b\n", [{ data: "a" }]],
		[
			"CR and CRLF end lines",
			"data: a\r\n\r\ndata: b\r\rdata: c\n\r",
			[{ data: "a" }, { data: "b" }, { data: "c" }],
		],
		["a byte order mark is dropped, once", "\uFEFFdata: a\n\n\uFEFFdata: b\n\n", [{ data: "a" }]],
	])("%s", (_, text, expected) => {
		expect(parse(text)).toMatchObject(expected);
		expect(parse(text)).toHaveLength(expected.length);
	});

	it("retry counts only when it is a number", () => {
		const parser = new EventStreamParser();
		expect(parser.retryMs).toBeUndefined();
		parser.push(bytes("retry: 1500\nretry: 1e9\nretry: -1\n"));
		expect(parser.retryMs).toBe(1500);
	});

	it("a CRLF cut in two is one end of line", () => {
		expect(parse("data: a\r", "\ndata: b\r", "\n\r", "\n")).toEqual([
			{ type: "message", data: "a\nb", id: "" },
		]);
		expect(parse("data: a\r", "", "\n\n")).toHaveLength(1);
	});

	it("what is no UTF-8 becomes U+FFFD", () => {
		expect(parse("data: ", Uint8Array.of(0xff, 0x0a, 0x0a))).toMatchObject([{ data: "\uFFFD" }]);
	});
});

describe("limits", () => {
	it("a line may have a mebibyte of characters and not one more", () => {
		const parser = new EventStreamParser();
		parser.push(bytes(`:${"x".repeat(LONGEST_LINE - 1)}`));
		expect(() => parser.push(bytes("x"))).toThrow(expect.objectContaining({ code: "BAD_RESPONSE" }));
	});

	it("data of many lines has the same limit", () => {
		const parser = new EventStreamParser();
		const half = bytes(`data: ${"x".repeat(LONGEST_LINE / 2)}\n`);
		parser.push(half);
		expect(() => parser.push(half)).toThrow(expect.objectContaining({ code: "BAD_RESPONSE" }));
	});
});

describe("properties", () => {
	const text = fc.string({ unit: "binary", maxLength: 20 });
	const field = fc.string({ unit: "binary", maxLength: 20 }).map((line) => line.replace(/[\r\n\0]/g, ""));
	const lineEnd = fc.constantFrom("\n", "\r", "\r\n");
	const places = fc.array(fc.nat(), { maxLength: 30 });

	it("anything parses the same however it is cut", () => {
		const stream = fc.array(
			fc.oneof(field, lineEnd, fc.constantFrom("data: ", "id:", "event: ", ":", "\n\n"), text),
		);
		fc.assert(
			fc.property(stream, places, (parts, at) => {
				const whole = bytes(parts.join(""));
				expect(parse(...cut(whole, at))).toEqual(parse(whole));
			}),
			{ numRuns: 500 },
		);
	});

	it("events come out as they were written, whatever ends their lines", () => {
		const event = fc.record({
			type: field,
			data: fc.array(field, { minLength: 1 }),
			id: field,
			end: lineEnd,
		});
		fc.assert(
			fc.property(fc.array(event), places, fc.boolean(), (events, at, hasMark) => {
				const written = events.map(({ type, data, id, end }) =>
					[`event: ${type}`, `id: ${id}`, ...data.map((line) => `data: ${line}`), ": x", "", ""].join(end),
				);
				const whole = bytes((hasMark ? "\uFEFF" : "") + written.join(""));
				const expected = events.map(({ type, data, id }) => ({
					type: type || "message",
					data: data.join("\n"),
					id,
				}));
				expect(parse(...cut(whole, at))).toEqual(expected.map((each) => wellFormed(each)));
			}),
			{ numRuns: 500 },
		);
	});

	it("a line that comes byte by byte costs no more than its length", () => {
		const parser = new EventStreamParser();
		const one = bytes("x");
		for (let count = 0; count < 200_000; count += 1) parser.push(one);
		expect(parser.push(bytes("\n\n"))).toEqual([]);
	});
});

/** Half of a surrogate pair has no bytes. */
function wellFormed(event: ServerSentEvent): ServerSentEvent {
	const pairs = Object.entries(event).map(([name, value]) => [name, value.replace(/\p{Cs}/gu, "\uFFFD")]);
	return Object.fromEntries(pairs);
}

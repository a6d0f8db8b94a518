import { describeSourceConformance } from "@clef-sh/testkit/source-conformance";
import { describe, expect, it } from "vitest";
import { createSource } from "../src/index.js";

const cannot = "the bytes are already here and never change";

describeSourceConformance("inline", {
	open: async (bytes) => ({
		source: createSource({ kind: "inline", bytes }),
		secrets: [],
		close: async () => undefined,
	}),
	hold: { cannot },
	faults: {
		notFound: { cannot },
		unauthorized: { cannot },
		rateLimited: { cannot },
		failing: { cannot },
		unreachable: { cannot },
		timeout: { cannot },
		tooLarge: { cannot },
		redirected: { cannot },
		cutShort: { cannot },
		wrongContent: { cannot },
	},
});

describe("InlineSource", () => {
	const { signal } = new AbortController();

	it("takes text as UTF-8", async () => {
		const result = await createSource({ kind: "inline", bytes: "Zürich" }).read(undefined, signal);
		expect(result).toMatchObject({ kind: "modified", bytes: new TextEncoder().encode("Zürich") });
	});

	it("copies the bytes it is given", async () => {
		const bytes = Buffer.from("before");
		const source = createSource({ kind: "inline", bytes });
		bytes.fill("x");
		const result = await source.read(undefined, signal);
		expect(result.kind === "modified" && Buffer.from(result.bytes).toString()).toBe("before");
	});
});

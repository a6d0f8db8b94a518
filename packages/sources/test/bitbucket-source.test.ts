import { type BitbucketServer, startBitbucketServer } from "@clef-sh/testkit/bitbucket-server";
import { behaviours } from "@clef-sh/testkit/servers";
import { describeSourceConformance } from "@clef-sh/testkit/source-conformance";
import { describe, expect, it } from "vitest";
import { createSource } from "../src/index.js";
import { BitbucketCloud, BODY, META, metaOf, NAMES, OTHER, poll, RAW } from "./bitbucket-cloud.js";
import {
	type BitbucketStage,
	failure,
	faults,
	hold,
	modified,
	openStage,
	PATH,
	TOKEN,
} from "./bitbucket-stage.js";

describeSourceConformance<BitbucketStage<BitbucketServer>>("bitbucket cloud", {
	open: async (bytes) => {
		const place = await startBitbucketServer();
		place.credentials.add(`Bearer ${TOKEN}`);
		return openStage(place, bytes, "acme/app");
	},
	hold,
	faults: faults(),
});

describe("BitbucketSource", () => {
	const cloud = new BitbucketCloud();

	it("says what it reads, never with what token", () => {
		const host = cloud.place.server.url.slice("http://".length);
		expect(cloud.source().description).toBe(`bitbucket acme/app ${PATH} on ${host}`);
		expect(cloud.source({ ref: "v1" }).description).toBe(`bitbucket acme/app ${PATH} at v1 on ${host}`);
		expect(createSource(NAMES).description).toBe(`bitbucket acme/app ${PATH}`);
	});

	describe("asks little:", () => {
		it("an unchanged poll is one small request, the first read three", async () => {
			const reader = cloud.source();
			const { validator } = await modified(reader);
			const tip = cloud.place.repository.resolve("main");
			expect(cloud.requests()).toEqual(["?fields=mainbranch.name", metaOf("main"), `/src/${tip}/${PATH}`]);
			expect(await poll(reader, validator)).toEqual({ kind: "unmodified" });
			expect(cloud.requests()).toEqual([metaOf("main")]);
			expect(cloud.place.exchanges.at(-1)?.responseBytes).toBeLessThan(150);
		});

		it("after a restart, a stored validator needs no body", async () => {
			const { validator } = await modified(cloud.source({ ref: "main" }));
			cloud.requests();
			const stored = JSON.parse(JSON.stringify(validator)) as object;
			expect(await poll(cloud.source({ ref: "main" }), stored)).toEqual({ kind: "unmodified" });
			expect(cloud.requests()).toEqual([metaOf("main")]);
		});

		it.each([
			["answers 304", true],
			["repeats the ETag with 200", false],
		])(
			"a commit to other files costs one more request without a body, once, where the server %s",
			async (_, conditional) => {
				cloud.place.conditional = conditional;
				const reader = cloud.source({ ref: "main" });
				const { validator } = await modified(reader);
				const tip = cloud.place.repository.commit({ "README.md": Buffer.from("other") });
				cloud.requests();
				expect(await poll(reader, validator)).toEqual({ kind: "unmodified" });
				expect(cloud.requests()).toEqual([metaOf("main"), `/src/${tip}/${PATH}`]);
				expect(await poll(reader, validator)).toEqual({ kind: "unmodified" });
				expect(cloud.requests()).toEqual([metaOf("main")]);
			},
		);

		it("a commit to other files after a restart is found out the same way", async () => {
			const { validator } = await modified(cloud.source({ ref: "main" }));
			cloud.place.repository.commit({ "README.md": Buffer.from("other") });
			const reader = cloud.source({ ref: "main" });
			cloud.requests();
			for (const count of [2, 1]) {
				expect(await poll(reader, validator)).toEqual({ kind: "unmodified" });
				expect(cloud.requests()).toHaveLength(count);
			}
		});

		it("content that comes back is unmodified to whoever had it, and new to whoever had the other", async () => {
			const reader = cloud.source({ ref: "main" });
			const { validator: first } = await modified(reader);
			cloud.place.repository.commit({ [PATH]: OTHER });
			const { validator: second } = await modified(reader, first);
			cloud.place.repository.commit({ [PATH]: BODY });
			expect(await poll(reader, first)).toEqual({ kind: "unmodified" });
			expect(Buffer.from((await modified(reader, second)).bytes)).toEqual(BODY);
		});

		it("a validator of another file of the same commit counts for nothing", async () => {
			cloud.place.repository.commit({ ".clef/packed/api/staging.age.json": OTHER });
			const { validator } = await modified(cloud.source({ environment: "staging" }));
			expect(Buffer.from((await modified(cloud.source(), validator)).bytes)).toEqual(BODY);
		});
	});

	it("reads the body at the commit that the metadata named, whatever is pushed in between", async () => {
		const reader = cloud.source({ ref: "main" });
		const before = cloud.place.repository.resolve("main");
		cloud.place.interpose(
			[
				(_request, response) => {
					cloud.place.repository.commit({ [PATH]: OTHER });
					cloud.place.behave();
					const meta = { type: "commit_file", attributes: [], commit: { hash: before } };
					response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(meta));
				},
			],
			META,
		);
		const { bytes, validator } = await modified(reader);
		expect(Buffer.from(bytes)).toEqual(BODY);
		expect(validator?.etag).toContain(before);
		expect(Buffer.from((await modified(reader, validator)).bytes)).toEqual(OTHER);
	});

	it.each(["commit_file", "nonsense"])("refuses metadata that names no commit, of type %s", async (type) => {
		cloud.place.interpose(
			[behaviours.status(200, {}, JSON.stringify({ type, commit: { hash: "../x" } }))],
			META,
		);
		expect(await failure(cloud.source())).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
	});

	it("refuses metadata that does not say what it is of", async () => {
		const hash = cloud.place.repository.resolve("main");
		cloud.place.interpose([behaviours.status(200, {}, JSON.stringify({ commit: { hash } }))], META);
		expect(await failure(cloud.source())).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
	});

	it("asks by the commit alone where the server gives no ETag", async () => {
		cloud.place.interpose([behaviours.ok(BODY, { etag: null })], RAW);
		const reader = cloud.source();
		const { validator } = await modified(reader);
		expect(validator).toEqual({ etag: `${cloud.place.repository.resolve("main")}:${PATH}` });
		expect(await poll(reader, validator)).toEqual({ kind: "unmodified" });
		cloud.place.repository.commit({ "README.md": BODY });
		expect(await poll(reader, validator)).toMatchObject({ kind: "modified" });
	});

	it("T21 takes new content under an old weak ETag as modified", async () => {
		cloud.place.interpose([behaviours.status(200, { etag: 'W/"v"' }, BODY)], RAW);
		const reader = cloud.source();
		const { validator } = await modified(reader);
		cloud.place.repository.commit({ [PATH]: OTHER });
		cloud.place.interpose([behaviours.status(200, { etag: 'W/"v"' }, OTHER)], RAW);
		expect(Buffer.from((await modified(reader, validator)).bytes)).toEqual(OTHER);
	});
});

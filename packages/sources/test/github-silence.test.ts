import { behaviours } from "@clef-sh/testkit/servers";
import { afterEach, expect, it, vi } from "vitest";
import { asRaw, type GithubStage, openGithub } from "./github-stage.js";

let stage: GithubStage;
afterEach(() => stage.close());

// In a file of its own: Octokit takes hold of the console when it is loaded.
it("T27 Octokit says nothing on the console, whatever happens", async () => {
	const methods = ["debug", "info", "log", "warn", "error"] as const;
	const spies = methods.map((method) => vi.spyOn(console, method).mockImplementation(() => undefined));
	stage = await openGithub(Buffer.from("{}"));
	const deprecation = { deprecation: "Sat, 01 Jan 2030 00:00:00 GMT", sunset: "soon" };
	stage.server.respondWith(behaviours.status(401, deprecation));
	await stage.failure();
	stage.server.respondWith(asRaw(behaviours.ok("{}", { headers: deprecation })));
	await stage.read();
	stage.server.respondWith(behaviours.noHttp());
	await stage.failure();
	for (const spy of spies) expect(spy).not.toHaveBeenCalled();
});

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runProgram } from "../command.js";
import { readArchive, unpackLayer } from "../image-archive.js";
import { Container } from "../image-container.js";
import { itWithContainers, itWithEmulator, output, podman } from "../image-stage.js";
import { files, release, version } from "./release-stage.js";

const SECRETS = { DB_PASSWORD: "the-password-of-the-database" };
/** None where they could not be built. */
const images = files(/^images$/).length > 0;

function archive(platform: string): string {
	return join(release, "images", `clef-agent-${platform}.tar`);
}

if (images) {
	itWithContainers("images/clef-agent-linux-x64.tar: loaded; serves without network and rights", async () => {
		expect(await podman("load", "--input", archive("linux-x64"))).toMatchObject({ status: 0 });
		const container = await Container.ready(`localhost/clef-agent:${version}`, SECRETS);
		expect(await container.get("/v1/secrets")).toEqual({ status: 200, body: SECRETS });
		expect(await container.exec("--version")).toMatchObject({ status: 0, stdout: `${version}\n` });
		const { digest } = await readArchive(archive("linux-x64"));
		expect(readFileSync(archive("linux-x64").replace(/tar$/, "digest"), "utf8")).toBe(`${digest}\n`);
	});

	itWithEmulator(
		"images/clef-agent-linux-arm64.tar: starts under an emulator with its own files",
		async () => {
			const root = join(output, "root");
			mkdirSync(root);
			await unpackLayer(archive("linux-arm64"), root);
			const command = ["-L", root, join(root, "clef-agent"), "--version"];
			const ended = await runProgram("qemu-aarch64-static", command);
			expect(ended).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: "" });
		},
	);
} else {
	it.skip("images: loaded and started (needs the images, which are not built without buildah)", () =>
		undefined);
}

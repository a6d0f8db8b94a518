// Serves a folder of files on this machine alone, for a look at the built site.

import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, resolve, sep } from "node:path";

/** @type {Readonly<Record<string, string>>} */
const MEDIA_TYPES = {
	".css": "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js": "text/javascript; charset=utf-8",
	".json": "application/json",
	".svg": "image/svg+xml",
};

/**
 * @param {string} folder
 * @param {number} port 0 for any that is free
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function serveFolder(folder, port) {
	const server = createServer((request, response) => {
		const file = fileOf(folder, request.url ?? "/");
		if (file === undefined) {
			response.writeHead(404, { "content-type": "text/plain" }).end("There is no such page.\n");
			return;
		}
		response.setHeader("content-type", MEDIA_TYPES[extname(file)] ?? "application/octet-stream");
		createReadStream(file)
			.on("error", () => response.destroy())
			.pipe(response);
	});
	await new Promise((done, fail) => {
		server.once("error", fail).listen(port, "127.0.0.1", () => done(undefined));
	});
	const address = server.address();
	if (address === null || typeof address === "string") throw new TypeError("The server has no port.");
	return {
		url: `http://127.0.0.1:${address.port}/`,
		close: () => {
			server.close();
			server.closeAllConnections();
		},
	};
}

/**
 * The file that a request asks for; `undefined` where there is none, or where it lies outside.
 * @param {string} folder
 * @param {string} target
 */
function fileOf(folder, target) {
	const path = decoded(target.split("?")[0] ?? "");
	if (path === undefined || path.includes("\0")) return undefined;
	const file = join(resolve(folder), path.endsWith("/") ? `${path}index.html` : path);
	const isInside = file.startsWith(`${resolve(folder)}${sep}`);
	return isInside && statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined;
}

/** @param {string} path */
function decoded(path) {
	try {
		return decodeURIComponent(path);
	} catch (error) {
		if (error instanceof URIError) return undefined;
		throw error;
	}
}

// A floor that writes less than the agent would be none.

import { get } from "node:http";
import { withServer } from "./server.js";
import { TOKEN } from "./variants.js";

/** @typedef {import("./server.js").Variant} Variant */

/**
 * Throws unless both answer with headers of the same names, in the same order and of the same length, and with bodies
 * of the same length.
 * @param {Variant} agent
 * @param {Variant} floor
 * @param {string} path
 */
export async function checkSameAnswer(agent, floor, path) {
	const shape = (/** @type {Variant} */ variant) => withServer(variant, ({ port }) => shapeOf(port, path));
	const [served, written] = [await shape(agent), await shape(floor)];
	if (served !== written)
		throw new TypeError(`${agent.name} and the floor answer ${path} with other bytes: ${served}; ${written}`);
}

/** @param {number} port @param {string} path @returns {Promise<string>} */
function shapeOf(port, path) {
	return new Promise((resolve, reject) => {
		const options = { port, path, host: "127.0.0.1", headers: { authorization: `Bearer ${TOKEN}` } };
		get(options, (response) => {
			let length = 0;
			response.on("data", (/** @type {Buffer} */ chunk) => {
				length += chunk.length;
			});
			const head = response.rawHeaders.map((text, n) => (n % 2 === 0 ? text : text.length));
			response.once("end", () => resolve(`${head.join(" ")}, ${length} bytes`));
		}).once("error", reject);
	});
}

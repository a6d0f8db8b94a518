// Stands for a database driver: a connection logs in once with a password, then asks one question a line.

import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";

/**
 * Logs in; rejects when the password is wrong.
 * @param {number} port
 * @param {string} password
 */
export async function openConnection(port, password) {
	const socket = connect({ port, host: "127.0.0.1" });
	/** @type {((line: string) => void)[]} */
	const waiting = [];
	await once(socket, "connect");
	createInterface({ input: socket }).on("line", (line) => waiting.shift()?.(line));
	/** @param {string} question @returns {Promise<string>} */
	const ask = (question) =>
		new Promise((resolve) => {
			waiting.push(resolve);
			socket.write(`${question}\n`);
		});
	if ((await ask(password)) !== "welcome") throw new TypeError("The database does not know this password.");
	// What was asked is still answered.
	return { ask, end: () => void socket.end() };
}

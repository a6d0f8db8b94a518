import * as fs from "node:fs";

/**
 * The real file system, answering within the turn it is asked in: a manual clock can then move on without
 * overtaking the disk. Has the part of `node:fs/promises` that a cache needs.
 */
export const promptFiles = {
	lstat: async (path: string) => fs.lstatSync(path),
	mkdir: async (path: string, options: fs.MakeDirectoryOptions) => fs.mkdirSync(path, options),
	readdir: async (path: string) => fs.readdirSync(path),
	rename: async (from: string, to: string) => fs.renameSync(from, to),
	unlink: async (path: string) => fs.unlinkSync(path),
	open: async (path: string, flags: number, mode?: number) =>
		new PromptHandle(fs.openSync(path, flags, mode)),
} as const;

/** An open file whose calls have all happened when they return. */
class PromptHandle {
	readonly fd: number;

	constructor(fd: number) {
		this.fd = fd;
	}

	async stat(): Promise<fs.Stats> {
		return fs.fstatSync(this.fd);
	}

	async read(buffer: Buffer, offset: number, length: number, position: number) {
		return { buffer, bytesRead: fs.readSync(this.fd, buffer, offset, length, position) };
	}

	async readFile(): Promise<Buffer> {
		return fs.readFileSync(this.fd);
	}

	async writeFile(data: Uint8Array): Promise<void> {
		fs.writeFileSync(this.fd, data);
	}

	async appendFile(text: string): Promise<void> {
		fs.writeSync(this.fd, text);
	}

	async sync(): Promise<void> {
		fs.fsyncSync(this.fd);
	}

	async close(): Promise<void> {
		fs.closeSync(this.fd);
	}
}

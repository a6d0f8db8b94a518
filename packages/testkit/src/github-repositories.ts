/** What lies at a path of a repository. */
export type GithubEntry =
	| {
			readonly kind: "file";
			readonly bytes: Uint8Array;

			/** What the file is said to weigh; its length when absent. */
			readonly size?: number;
	  }
	| { readonly kind: "symlink"; readonly target: string }
	| { readonly kind: "submodule" };

/** A repository as the fake GitHub keeps it. */
export interface GithubRepository {
	readonly id: number;
	readonly private: boolean;
	readonly defaultBranch: string;

	/** `owner/repository` as it is now. */
	name: string;

	/** Branches, tags and commits alike: what lies at which path. */
	readonly refs: Map<string, Map<string, GithubEntry>>;
}

/** Repositories by name, with the redirects that a renamed one leaves behind. */
export class GithubRepositories {
	readonly #all: GithubRepository[] = [];
	readonly #formerNames = new Map<string, GithubRepository>();

	add(name: string, options: { readonly private?: boolean; readonly defaultBranch?: string } = {}): void {
		const { defaultBranch = "main" } = options;
		this.#all.push({
			id: 1000 + this.#all.length,
			name,
			private: options.private ?? true,
			defaultBranch,
			refs: new Map([[defaultBranch, new Map()]]),
		});
	}

	/** Puts an entry at a path of a ref, which is made if it does not exist; the default branch when absent. */
	put(name: string, path: string, entry: GithubEntry, ref?: string): void {
		const repository = this.find(name);
		if (repository === undefined) throw new RangeError(`There is no repository ${name}.`);
		const at = ref ?? repository.defaultBranch;
		const entries = repository.refs.get(at) ?? new Map<string, GithubEntry>();
		repository.refs.set(at, entries.set(path, entry));
	}

	rename(from: string, to: string): void {
		const repository = this.find(from);
		if (repository === undefined) throw new RangeError(`There is no repository ${from}.`);
		repository.name = to;
		this.#formerNames.set(from, repository);
	}

	find(name: string): GithubRepository | undefined {
		return this.#all.find((each) => each.name.toLowerCase() === name.toLowerCase());
	}

	findById(id: number): GithubRepository | undefined {
		return this.#all.find((each) => each.id === id);
	}

	/** The repository that had this name once. */
	findFormer(name: string): GithubRepository | undefined {
		return this.#formerNames.get(name);
	}
}

/** What a path of a ref holds, links followed to files as GitHub does; `directory` where paths begin with it. */
export function lookUp(
	entries: ReadonlyMap<string, GithubEntry>,
	path: string,
): GithubEntry | { readonly kind: "directory"; readonly paths: readonly string[] } | undefined {
	const entry = entries.get(path);
	if (entry?.kind === "symlink") {
		const target = entries.get(entry.target);
		return target?.kind === "file" ? target : entry;
	}
	if (entry !== undefined) return entry;
	const paths = [...entries.keys()].filter((each) => each.startsWith(`${path}/`));
	return paths.length > 0 ? { kind: "directory", paths } : undefined;
}

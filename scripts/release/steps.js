// Which steps of the workflow for releases a dry run takes, and why not the others.

import { parse } from "yaml";

/**
 * A step that runs commands.
 * @typedef {object} WorkflowStep
 * @property {string} job
 * @property {string} name its name, or its commands where it has none
 * @property {string} run
 */

/** What only GitHub, a registry, Sigstore or a Mac can do. @type {Readonly<Record<string, string>>} */
export const LEFT_OUT = {
	"check/The tag is on main": "there is no tag yet",
	"check/bash .ci/run": "takes long; run it by itself",
	"check/Known vulnerabilities": "run `npm run audit -- --required` by itself",
	"build/Parts": "takes the machine's parts as they are",
	"mac/Sign, and start the one for this machine": "needs a Mac",
	"mac/Bills of materials": "needs a Mac, for its Node.js is asked",
	"npm/Publish, the packages that others depend on first": "publishes",
	"image/Log in": "publishes",
	"image/Push both platforms, and the list that names them": "publishes",
	"image/Sign, and attach the bills of materials": "publishes, and needs GitHub's word for who signs",
	"publish/Signature of the checksums": "needs GitHub's word for who signs",
	"publish/Release": "publishes",
};

/** What a dry run does, in this order; with the programs that a step cannot do without. */
export const TAKEN = [
	{ step: "build/npm packages, all of the version that the tag says", needs: [] },
	{ step: "build/Binaries and layers", needs: [] },
	{ step: "build/Images", needs: ["buildah", "dpkg-deb"] },
	{ step: "build/The Node.js in binaries and images, for their bills of materials", needs: [] },
	{ step: "build/Bills of materials", needs: [] },
	{ step: "build/Bills of materials of the images", needs: ["buildah", "dpkg-deb"] },
	{ step: "build/Release notes", needs: [] },
	{ step: "publish/Checksums", needs: [] },
];

/**
 * Every step of a workflow that runs commands, in order.
 * @param {string} text of the workflow
 * @returns {WorkflowStep[]}
 */
export function workflowSteps(text) {
	/** @type {{ jobs: Record<string, { steps?: { name?: string, run?: string }[] }> }} */
	const { jobs } = parse(text);
	return Object.entries(jobs).flatMap(([job, { steps = [] }]) =>
		steps.flatMap(({ name, run }) => (run === undefined ? [] : [{ job, name: name ?? run.trim(), run }])),
	);
}

/**
 * The steps that are taken, or what the lists here and the workflow do not agree on.
 * @param {readonly WorkflowStep[]} steps
 * @returns {{ taken: (WorkflowStep & { needs: readonly string[] })[], problems: string[] }}
 */
export function chosenSteps(steps) {
	const byName = new Map(steps.map((step) => [`${step.job}/${step.name}`, step]));
	const known = [...TAKEN.map(({ step }) => step), ...Object.keys(LEFT_OUT)];
	return {
		taken: TAKEN.flatMap(({ step, needs }) => {
			const found = byName.get(step);
			return found === undefined ? [] : [{ ...found, needs }];
		}),
		problems: [
			...[...byName.keys()]
				.filter((name) => !known.includes(name))
				.map((name) => `release.yml has the step "${name}", which scripts/release/steps.js does not know.`),
			...known
				.filter((name) => !byName.has(name))
				.map((name) => `scripts/release/steps.js has the step "${name}", which release.yml does not have.`),
		],
	};
}

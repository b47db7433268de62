// Reads cases, prints of each whether the npm package @transmute/rfc9162 takes it.
const { RFC9162 } = require("@transmute/rfc9162");
const { readFileSync } = require("node:fs");

const b64 = (text) => new Uint8Array(Buffer.from(text, "base64"));
const isPower = (size) => (size & (size - 1)) === 0;

const checks = {
  inclusion: async (one) =>
    RFC9162.verifyInclusionProof(b64(one.root), await RFC9162.leaf(b64(one.entry)), {
      log_id: "",
      tree_size: one.size,
      leaf_index: one.index,
      inclusion_path: one.proof.map(b64),
    }),
  // RFC 9162 §2.1.4.2 step 2 puts the old root in front where the old size is a power of two; the package leaves that
  // to its caller.
  consistency: (one) =>
    RFC9162.verifyConsistencyProof(b64(one.old_root), b64(one.new_root), {
      log_id: "",
      tree_size_1: one.old,
      tree_size_2: one.new,
      consistency_path: [...(isPower(one.old) ? [one.old_root] : []), ...one.proof].map(b64),
    }),
};

(async () => {
  const verdicts = [];
  for (const one of JSON.parse(readFileSync(0, "utf8"))) verdicts.push(await checks[one.kind](one));
  process.stdout.write(JSON.stringify(verdicts));
})();

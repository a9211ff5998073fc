// What firebase-tools itself would do with a project, asked without a login:
//   node firebase_tools.cjs package PROJECT_FOLDER ARCHIVE   writes what each codebase would upload
//   node firebase_tools.cjs indexes INDEXES_FILE             prints what it refuses in an indexes file
"use strict";
const fs = require("fs");
const path = require("path");

const LIB = path.join(__dirname, "..", "..", "node_modules", "firebase-tools", "lib");

async function pack(projectFolder, archive) {
  const { prepareFunctionsUpload } = require(path.join(LIB, "deploy/functions/prepareFunctionsUpload"));
  const { functions } = JSON.parse(fs.readFileSync(path.join(projectFolder, "firebase.json"), "utf8"));
  const [codebase] = Array.isArray(functions) ? functions : [functions];
  const source = path.join(projectFolder, codebase.source);
  const options = { exportType: "zip" };
  const { pathToSource } = await prepareFunctionsUpload(projectFolder, source, codebase, [], undefined, options);
  fs.copyFileSync(pathToSource, archive);
  fs.unlinkSync(pathToSource);
}

function indexes(file) {
  const { FirestoreApi } = require(path.join(LIB, "firestore/api"));
  const api = new FirestoreApi();
  api.validateSpec(api.upgradeOldSpec(JSON.parse(fs.readFileSync(file, "utf8"))));
}

async function main([command, ...rest]) {
  await { package: pack, indexes }[command](...rest);
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});

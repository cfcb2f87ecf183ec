// GET says which model predicts; POST takes a row as JSON and answers with its prediction.
import { ClickleafError, load } from "clickleaf";

import bytes from "./model.leaf";

const model = await load(bytes, { kind: "clicks" });

export default {
  async fetch(request) {
    if (request.method === "GET") return Response.json(model.provenance);
    if (request.method !== "POST") return new Response(null, { status: 405 });
    try {
      return Response.json(model.predict(await request.json()));
    } catch (error) {
      const { code, message, column } = error instanceof ClickleafError ? error : { code: "json", message: error.message };
      return Response.json({ error: { code, message, column } }, { status: 400 });
    }
  },
};

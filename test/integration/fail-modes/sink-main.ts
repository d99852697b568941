import { createServer } from "node:http";

/** Takes whatever is POSTed to it and says on GET how much that was; listens on the port it is given. */
let taken = 0;
const server = createServer((request, response) => {
  if (request.method === "POST") {
    request.resume().once("end", () => {
      taken++;
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  } else response.end(String(taken));
});
server.listen(Number(process.argv[2]), "127.0.0.1");

// Imported into a responder: beats a thousand times a second. SIGUSR2 logs the longest stalls since the one before.
import { startHeart } from "./heartbeat.ts";

const heart = await startHeart();
setInterval(heart.beat, 1).unref();

const tell = async () => {
  console.log(JSON.stringify({ msg: "stalls", ...(await heart.read()) }));
  await heart.reset();
};
process.on("SIGUSR2", () => void tell());

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The demo's stand-in for a Flink job where no Flink can be had: keeps a live set of a given size and replaces a part
 * of it at a fixed rate. Prints how many records it has handled, a line a second.
 *
 * <p>Arguments: MiB to hold, records a second, bytes of garbage for each record.
 */
public class LiveSet {
    private static final int VALUE_BYTES = 1024;
    private static volatile Object garbage; // volatile, or the allocation could be optimised away

    public static void main(String[] args) throws InterruptedException {
        int values = Integer.parseInt(args[0]) * (1 << 20) / VALUE_BYTES;
        double recordsPerNano = Integer.parseInt(args[1]) / 1e9;
        int garbageBytes = Integer.parseInt(args[2]);
        PrintStream out = System.out;
        List<byte[]> live = new ArrayList<>(values);
        Random random = new Random();
        long records = 0;
        long start = System.nanoTime();
        long nextLine = start;
        while (true) {
            long now = System.nanoTime();
            // Lags behind after a pause and catches up, as a source does that reads from a queue.
            for (long due = (long) ((now - start) * recordsPerNano); records < due; records++) {
                byte[] value = new byte[VALUE_BYTES];
                garbage = new byte[garbageBytes];
                if (live.size() < values) {
                    live.add(value);
                } else {
                    live.set(random.nextInt(values), value);
                }
            }
            if (now >= nextLine) {
                out.println(records);
                nextLine += 1_000_000_000L;
            }
            Thread.sleep(5);
        }
    }
}

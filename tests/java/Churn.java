import java.util.ArrayDeque;
import java.util.Random;

/**
 * A heap whose live set can be ordered, for tests of the agent in real JVMs.
 *
 * <p>Arguments, all optional, as name=value: live (MiB kept), fifo (MiB that live a while, are promoted and die), rate
 * (MiB allocated a second, 0: as fast as it goes), collections (end after so many, as the GC beans count them), megabytes
 * (end after so many MiB were allocated), seconds (end after so long), full (System.gc() every so many seconds, 0: never), exit (0: run off the end, 1: System.exit,
 * 2: halt), oom (1: end with an OutOfMemoryError that is caught).
 */
public class Churn {
    static volatile Object sink;

    static long collections() {
        long n = 0;
        for (java.lang.management.GarbageCollectorMXBean b :
                java.lang.management.ManagementFactory.getGarbageCollectorMXBeans()) {
            n += Math.max(0, b.getCollectionCount());
        }
        return n;
    }

    public static void main(String[] args) throws Exception {
        long live = Arguments.number(args, "live", 40);
        long fifo = Arguments.number(args, "fifo", 10);
        long rate = Arguments.number(args, "rate", 0);
        long wanted = Arguments.number(args, "collections", 60);
        long megabytes = Arguments.number(args, "megabytes", Long.MAX_VALUE >> 20);
        long seconds = Arguments.number(args, "seconds", 60);
        long full = Arguments.number(args, "full", 0);
        Random random = new Random(7);
        byte[][] kept = new byte[(int) (live * 1024)][];
        ArrayDeque<byte[]> middle = new ArrayDeque<>();
        for (int i = 0; i < kept.length; i++) {
            kept[i] = new byte[1000];
        }
        System.out.println("filled " + System.currentTimeMillis());
        long begin = System.nanoTime();
        long nextFull = full;
        long allocated = 0;
        long second = 1_000_000_000L;
        while (true) {
            for (int i = 0; i < 1000; i++) {
                sink = new byte[1000];
                if (i % 20 == 0) {
                    kept[random.nextInt(kept.length)] = new byte[1000];
                }
                if (i % 10 == 0) {
                    middle.add(new byte[1000]);
                    if (middle.size() > fifo * 1024) {
                        middle.remove();
                    }
                }
            }
            allocated += 1_150_000;
            while (rate > 0 && allocated > rate * ((System.nanoTime() - begin) / 1e9) * 1048576) {
                Thread.sleep(1);
            }
            long passed = System.nanoTime() - begin;
            if (full > 0 && passed > nextFull * second) {
                System.gc();
                nextFull += full;
            }
            if (passed > seconds * second || allocated > megabytes << 20 || (wanted > 0 && collections() >= wanted)) {
                break;
            }
        }
        if (Arguments.number(args, "oom", 0) == 1) {
            try {
                ArrayDeque<byte[]> all = new ArrayDeque<>();
                while (true) {
                    all.add(new byte[1 << 20]);
                }
            } catch (OutOfMemoryError e) {
                System.out.println("caught " + e.getMessage());
                Thread.sleep(500);
            }
        }
        if (wanted > 0) { /* a run-time image may lack java.management */
            System.out.println("done after " + collections() + " collections, live " + kept.length);
        }
        long exit = Arguments.number(args, "exit", 0);
        if (exit == 1) {
            System.exit(0);
        } else if (exit == 2) {
            Runtime.getRuntime().halt(0);
        }
    }
}

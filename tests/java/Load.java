import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Random;

/**
 * A job of known live set and load, for tests that size its heap again and again.
 *
 * <p>Arguments as name=value: live (MiB kept), min and period (profile wave: MiB at least, seconds a wave; profile grow: MiB at
 * the start, seconds of the growth), profile (steady, wave, grow), rate (MiB allocated a second), replace (percent of it that
 * takes the place of what is kept), order (random, oldest: which one is replaced), object (bytes, on average), seconds (end
 * after so long), window (what is measured begins after so many seconds).
 *
 * <p>At the end it prints one line of name=value: begin and end of the window (the JVM's uptime in ms), wall (its end by the wall
 * clock, in ms), mean_used (bytes of the heap in use, sampled ten times a second as a metric would be), allocated (bytes a second),
 * gc_cpu and own_cpu (CPU time of the collector's threads and of the process in the window, in ms), others_cpu (that of everything
 * else on the machine), kept (bytes that are live at the end).
 */
public class Load {
    static volatile Object sink;

    /** utime + stime of a stat file, in clock ticks of 10 ms. */
    static long ticks(Path stat) throws IOException {
        String text = new String(Files.readAllBytes(stat));
        String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    static final String[] COLLECTOR_THREADS = {"GC Thread", "G1 ", "VM Thread", "ZWorker", "ZDriver", "ZDirector", "ZStat", "ZUncommitter",
        "XWorker", "XDriver", "XDirector", "XStat", "XUncommitter"};

    static long collectorTicks() {
        long sum = 0;
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Paths.get("/proc/self/task"))) {
            for (Path task : tasks) {
                try {
                    String name = new String(Files.readAllBytes(task.resolve("comm")));
                    for (String known : COLLECTOR_THREADS) {
                        if (name.startsWith(known)) {
                            sum += ticks(task.resolve("stat"));
                            break;
                        }
                    }
                } catch (IOException e) {
                    continue; // a thread that has just ended
                }
            }
        } catch (IOException e) {
            return 0;
        }
        return sum;
    }

    static long machineTicks() throws IOException {
        String[] fields = Files.readAllLines(Paths.get("/proc/stat")).get(0).trim().split(" +");
        long idle = Long.parseLong(fields[4]) + Long.parseLong(fields[5]), all = 0;
        for (int i = 1; i <= 8; i++) {
            all += Long.parseLong(fields[i]);
        }
        return all - idle;
    }

    static long[] clocks() throws IOException {
        long own = ticks(Paths.get("/proc/self/stat"));
        return new long[] {ManagementFactory.getRuntimeMXBean().getUptime(), collectorTicks() * 10, own * 10, machineTicks() * 10};
    }

    public static void main(String[] args) throws Exception {
        final long mib = 1 << 20;
        final long live = Arguments.number(args, "live", 100) * mib;
        final String profile = Arguments.option(args, "profile", "steady");
        final long min = profile.equals("steady") ? live : Arguments.number(args, "min", 50) * mib;
        final double period = Arguments.number(args, "period", 7);
        final double rate = Arguments.number(args, "rate", 100) * mib;
        final double replace = Arguments.number(args, "replace", 3) / 100.0;
        final boolean oldest = Arguments.option(args, "order", "random").equals("oldest");
        final int object = (int) Arguments.number(args, "object", 1000);
        final double seconds = Arguments.number(args, "seconds", 22);
        final double window = Arguments.number(args, "window", 6);
        final Random random = new Random(11);
        final byte[][] kept = new byte[(int) (live / object * 3 / 2) + 1000][];
        int used = 0;
        int next = 0;
        long bytes = 0;
        double due = 0;
        double allocated = 0;
        double toReplace = 0;
        long usedSum = 0;
        long usedCount = 0;
        double nextSample = window;
        long[] from = null;
        double allocatedFrom = 0;
        final Runtime runtime = Runtime.getRuntime();
        final long begin = System.nanoTime();
        double last = 0;
        while (true) {
            double now = (System.nanoTime() - begin) / 1e9;
            if (now >= seconds) {
                break;
            }
            double share = profile.equals("wave") ? (1 - Math.cos(2 * Math.PI * now / period)) / 2
                    : profile.equals("grow") ? Math.min(1, now / period) : 1;
            long target = min + (long) (share * (live - min));
            while (bytes < target && used < kept.length) { // the state as such is loaded as fast as it goes
                kept[used] = new byte[object / 2 + random.nextInt(object)];
                bytes += kept[used++].length + 16;
            }
            while (bytes > target && used > 0) {
                bytes -= kept[--used].length + 16;
                kept[used] = null;
            }
            due += (now - last) * rate;
            last = now;
            if (due > rate) {
                due = rate; // what was not done within a second is not made up for
            }
            while (due > 0) {
                byte[] fresh = new byte[object / 2 + random.nextInt(object)];
                due -= fresh.length + 16;
                allocated += fresh.length + 16;
                toReplace += (fresh.length + 16) * replace;
                if (toReplace >= fresh.length + 16 && used > 0) {
                    int at = oldest ? next++ % used : random.nextInt(used);
                    bytes += fresh.length - kept[at].length;
                    kept[at] = fresh;
                    toReplace -= fresh.length + 16;
                } else {
                    sink = fresh;
                }
            }
            if (from == null && now >= window) {
                from = clocks();
                allocatedFrom = allocated;
            }
            if (now >= nextSample) {
                usedSum += runtime.totalMemory() - runtime.freeMemory();
                usedCount++;
                nextSample += 0.1;
            }
            Thread.sleep(2);
        }
        long[] to = clocks();
        long wall = System.currentTimeMillis();
        System.out.printf("begin=%d end=%d wall=%d mean_used=%d allocated=%.0f gc_cpu=%d own_cpu=%d others_cpu=%d kept=%d%n",
                from[0], to[0], wall, usedSum / usedCount,
                (allocated - allocatedFrom) * 1000 / (to[0] - from[0]), to[1] - from[1], to[2] - from[2], (to[3] - from[3]) - (to[2] - from[2]), bytes);
    }
}

import java.io.FileOutputStream;
import java.nio.ByteBuffer;
import java.util.Random;

/**
 * A heap whose live set is known to the byte at each moment, for tests of the live-set probe.
 *
 * <p>Arguments as name=value: profile (steady, grow, wave), min and max (MiB kept; steady keeps min), period (seconds of
 * a wave, or of the growth from min to max), rate (MiB of garbage a second), fifo (MiB that live a while, are promoted
 * and die), seconds (end after so long), truth (file: pairs of long, wall clock in ms and live bytes, one each 10 ms or 128 KiB).
 *
 * <p>Objects are byte arrays of 100 to 1000 bytes, replaced at random, so that old regions are partly dead. Array sizes
 * are counted as HotSpot lays them out: 16 bytes of header, rounded to 8. What the JVM itself keeps is not counted.
 */
public class KnownLive {
    static volatile Object sink;

    static long size(byte[] array) {
        return (array.length + 16 + 7) / 8 * 8;
    }

    public static void main(String[] args) throws Exception {
        final long mib = 1 << 20;
        final String profile = Arguments.option(args, "profile", "steady");
        final long min = Arguments.number(args, "min", 100) * mib;
        final long max = Arguments.number(args, "max", 300) * mib;
        final double period = Arguments.number(args, "period", 13);
        final long rate = Arguments.number(args, "rate", 100) * mib;
        final long fifo = Arguments.number(args, "fifo", 24) * mib;
        final long seconds = Arguments.number(args, "seconds", 60);
        final Random random = new Random(5);
        final int slots = (int) (Math.max(min, max) / 500) + 1000;
        final int reference = Arguments.number(args, "reference", 4) == 8 ? 8 : 4;
        byte[][] kept = new byte[slots][];
        byte[][] queue = new byte[(int) (fifo / 1016) + 1][];
        int used = 0;
        int head = 0;
        long live = (long) reference * (slots + queue.length) + 32;
        FileOutputStream truth = new FileOutputStream(Arguments.option(args, "truth", "truth"));
        final long begin = System.nanoTime();
        long allocated = 0;
        long written = 0;
        long told = 0;
        while (true) {
            double passed = (System.nanoTime() - begin) / 1e9;
            double share = profile.equals("grow") ? Math.min(1, passed / period)
                    : profile.equals("wave") ? (1 - Math.cos(2 * Math.PI * passed / period)) / 2 : 0;
            long target = min + (long) (share * (max - min));
            for (int i = 0; i < 500; i++) {
                sink = new byte[1000];
                allocated += 1016;
                if (i % 10 == 0 && used > 0) { // replaced at random
                    int at = random.nextInt(used);
                    live -= size(kept[at]);
                    kept[at] = new byte[100 + random.nextInt(900)];
                    live += size(kept[at]);
                    allocated += 600;
                }
                if (i % 5 == 0) { // promoted, then dead
                    byte[] old = queue[head];
                    queue[head] = new byte[1000];
                    live += 1016 - (old == null ? 0 : 1016);
                    head = (head + 1) % queue.length;
                    allocated += 1016;
                }
            }
            for (int i = 0; i < 400 && live < target && used < slots; i++) {
                kept[used] = new byte[100 + random.nextInt(900)];
                live += size(kept[used++]);
                allocated += 600;
            }
            for (int i = 0; i < 400 && live > target && used > 0; i++) {
                int at = random.nextInt(used);
                live -= size(kept[at]);
                kept[at] = kept[--used];
                kept[used] = null;
            }
            long now = System.currentTimeMillis();
            if (now >= written + 10 || Math.abs(live - told) >= mib / 8) {
                written = now;
                told = live;
                truth.write(ByteBuffer.allocate(16).putLong(now).putLong(live).array());
            }
            double due = rate * ((System.nanoTime() - begin) / 1e9);
            allocated = (long) Math.min(allocated, due + rate / 10.0); // filling the heap is not made up for
            while (allocated > rate * ((System.nanoTime() - begin) / 1e9) && live >= target - mib) {
                Thread.sleep(1);
            }
            if (passed > seconds) {
                break;
            }
        }
        truth.close();
        System.out.println("live " + live + " in " + used + " arrays");
    }
}

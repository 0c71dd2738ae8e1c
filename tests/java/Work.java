import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Work whose result is known: what it prints depends on its arguments alone, so a run with the agent in trouble is compared
 * with a run without it, letter by letter.
 *
 * <p>Arguments, all optional, as name=value: rounds (of computing with objects that live and die), live (MiB kept), seconds
 * (the rounds are spread over so long), threads (so many wait while the rounds are done), files (1: opens all it can and holds
 * them), children (so many processes, which print what they have open of ours), collections (end after so many, instead of rounds).
 */
public class Work {
    /** Each round replaces some of the live objects, and throws away ten times as much. */
    static long round(long[][] live, long round) {
        long state = round * 2862933555777941757L + 3037000493L;
        for (int i = 0; i < 2000; i++) {
            state = state * 6364136223846793005L + 1442695040888963407L;
            long[] fresh = new long[64];
            for (int k = 0; k < fresh.length; k++) {
                fresh[k] = state + k;
            }
            int at = (int) ((state >>> 33) % live.length);
            state ^= live[at] == null ? fresh[(int) (state >>> 58)] : live[at][(int) (state >>> 58)];
            if (i % 10 == 0) {
                live[at] = fresh;
            }
        }
        return state;
    }

    static List<InputStream> openAll() {
        List<InputStream> open = new ArrayList<>();
        try {
            while (true) {
                open.add(new FileInputStream("/dev/null"));
            }
        } catch (IOException e) {
            System.out.println("no more files");
        }
        return open;
    }

    static void children(long count) throws Exception {
        for (long i = 0; i < count; i++) {
            Process p = new ProcessBuilder("/bin/sh", "-c", "ls -l /proc/self/fd | grep -c heapcast; exit " + i % 7).start();
            String said = new String(p.getInputStream().readAllBytes()).trim();
            System.out.println("child " + i + " sees " + said + " files of the agent, ends with " + p.waitFor());
        }
    }

    public static void main(String[] args) throws Exception {
        long rounds = Arguments.number(args, "rounds", 200);
        long seconds = Arguments.number(args, "seconds", 0);
        long collections = Arguments.number(args, "collections", 0);
        long[][] live = new long[(int) (Arguments.number(args, "live", 20) * 2048)][];
        CountDownLatch done = new CountDownLatch(1);
        long[] sums = new long[(int) Arguments.number(args, "threads", 0)];
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < sums.length; i++) {
            int mine = i;
            Thread t = new Thread(null, () -> {
                try {
                    done.await();
                } catch (InterruptedException e) {
                    return;
                }
                sums[mine] = mine;
            }, "w" + i, 128 * 1024);
            t.start();
            threads.add(t);
        }
        List<InputStream> files = Arguments.number(args, "files", 0) == 1 ? openAll() : List.of();
        long hash = 0, begin = System.nanoTime();
        if (collections > 0) {
            var beans = java.lang.management.ManagementFactory.getGarbageCollectorMXBeans();
            long until = begin + seconds * 1_000_000_000L, n = 0;
            while (n < collections && System.nanoTime() < until) {
                for (int i = 0; i < 50; i++) {
                    hash += round(live, i);
                }
                n = beans.stream().mapToLong(b -> b.getCollectionCount()).sum();
            }
            System.err.println("collections " + n + " in " + (System.nanoTime() - begin) / 1_000_000 + " ms");
            hash = 0;
        }
        for (long i = 0; i < rounds; i++) {
            hash = hash * 31 + round(live, i);
            long due = begin + seconds * 1_000_000_000L * (i + 1) / rounds;
            while (collections == 0 && seconds > 0 && System.nanoTime() < due) {
                Thread.sleep(5);
            }
        }
        for (InputStream f : files) {
            f.close();
        }
        children(Arguments.number(args, "children", 0));
        done.countDown();
        long sum = 0;
        for (Thread t : threads) {
            t.join();
        }
        for (long s : sums) {
            sum += s;
        }
        System.out.println("result " + hash + " of " + rounds + " rounds, threads " + sum);
    }
}

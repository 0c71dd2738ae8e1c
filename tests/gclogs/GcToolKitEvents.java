import com.microsoft.gctoolkit.GCToolKit;
import com.microsoft.gctoolkit.aggregator.Aggregates;
import com.microsoft.gctoolkit.aggregator.Aggregation;
import com.microsoft.gctoolkit.aggregator.Aggregator;
import com.microsoft.gctoolkit.aggregator.Collates;
import com.microsoft.gctoolkit.aggregator.EventSource;
import com.microsoft.gctoolkit.event.MemoryPoolSummary;
import com.microsoft.gctoolkit.event.g1gc.G1GCPauseEvent;
import com.microsoft.gctoolkit.event.generational.GenerationalGCPauseEvent;
import com.microsoft.gctoolkit.event.jvm.JVMEvent;
import com.microsoft.gctoolkit.event.shenandoah.ShenandoahCycle;
import com.microsoft.gctoolkit.event.zgc.FullZGCCycle;
import com.microsoft.gctoolkit.event.zgc.MajorZGCCycle;
import com.microsoft.gctoolkit.event.zgc.MinorZGCCycle;
import com.microsoft.gctoolkit.event.zgc.ZGCMemorySummary;
import com.microsoft.gctoolkit.io.SingleGCLogFile;
import com.microsoft.gctoolkit.time.DateTimeStamp;
import java.io.PrintStream;
import java.nio.file.Path;

/**
 * What GCToolKit finds in GC logs: a line a collection (class, seconds, KiB used before, after, KiB of heap, cause), or with
 * --count only how many there were and how long that took.
 */
public class GcToolKitEvents {
    static PrintStream out;
    static long events;

    static synchronized void print(JVMEvent event, MemoryPoolSummary heap, Object cause) {
        events++;
        if (out == null) {
            return;
        }
        DateTimeStamp t = event.getDateTimeStamp();
        out.println("E\t" + event.getClass().getSimpleName() + "\t" + t.toSeconds() + "\t"
                + (heap == null ? "\t\t" : heap.getOccupancyBeforeCollection() + "\t" + heap.getOccupancyAfterCollection()
                + "\t" + heap.getSizeAfterCollection()) + "\t" + event.getDuration() + "\t" + cause);
    }

    static MemoryPoolSummary heap(ZGCMemorySummary s) {
        return s == null ? null : new MemoryPoolSummary(s.getStart(), -1, s.getEnd(), -1);
    }

    @Collates(Events.class)
    public static class Seen extends Aggregation {
        @Override
        public boolean hasWarning() {
            return false;
        }

        @Override
        public boolean isEmpty() {
            return events == 0;
        }
    }

    @Aggregates({EventSource.G1GC, EventSource.GENERATIONAL, EventSource.ZGC, EventSource.SHENANDOAH})
    public static class Events extends Aggregator<Seen> {
        public Events(Seen results) {
            super(results);
            register(GenerationalGCPauseEvent.class, e -> print(e, e.getHeap(), e.getGCCause()));
            register(G1GCPauseEvent.class, e -> print(e, e.getHeap(), e.getGCCause()));
            register(FullZGCCycle.class, e -> print(e, heap(e.getMemorySummary()), e.getGCCause()));
            register(MajorZGCCycle.class, e -> print(e, heap(e.getMemorySummary()), e.getGCCause()));
            register(MinorZGCCycle.class, e -> print(e, heap(e.getMemorySummary()), e.getGCCause()));
            register(ShenandoahCycle.class, e -> print(e, null, e.getGCCause()));
        }
    }

    public static void main(String[] args) throws Exception {
        boolean count = args[0].equals("--count");
        PrintStream stdout = System.out;
        System.setOut(System.err); // the library prints there, too
        out = count ? null : stdout;
        for (int i = count ? 1 : 0; i < args.length; i++) {
            events = 0;
            if (!count) {
                stdout.println("F\t" + args[i]);
            }
            long begin = System.nanoTime();
            try {
                GCToolKit kit = new GCToolKit();
                kit.loadAggregation(new Seen());
                kit.analyze(new SingleGCLogFile(Path.of(args[i])));
            } catch (Throwable t) {
                stdout.println("X\t" + t.toString().replace('\n', ' '));
            }
            if (count) {
                stdout.println(events + " " + (System.nanoTime() - begin) / 1e9);
            }
        }
        stdout.flush();
        System.exit(0);
    }
}

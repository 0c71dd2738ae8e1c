import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.datagen.source.GeneratorFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A streaming job with a live set to order: keyed state whose total size follows a curve, at a fixed rate of records.
 *
 * <p>Every record names a key. While the state is smaller than the curve wants, records create keys; while it is
 * larger, they drop keys; otherwise they rewrite one at random. So the rate times the size of a value limits how fast
 * the state can follow its curve. Sizes are those of the values; on the heap, keys, entries and object headers come on
 * top.
 *
 * <p>Arguments are pairs of "--name value"; {@link #DEFAULTS} lists them all.
 */
public class LiveSetJob {

    private static final String[][] DEFAULTS = {
        {"backend", "hashmap"},    // or rocksdb
        {"profile", "plateau"},    // max-mb for ever; or grow, wave, steps between min-mb and max-mb
        {"min-mb", "50"},
        {"max-mb", "200"},
        {"period-s", "120"},       // grow: time to reach max-mb; wave: from min-mb to min-mb; steps: each step
        {"value-bytes", "1024"},
        {"rate", "20000"},         // records per second and source task
        {"garbage-bytes", "0"},    // allocated and dropped at once for each record
        {"read", "0"},             // 1: read the old value before the new one is written
        {"parallelism", "1"},
        {"checkpoint-s", "0"},     // 0: no checkpoints
    };

    public static void main(String[] args) throws Exception {
        Map<String, String> options = parse(args);
        String profile = options.get("profile");
        int valueBytes = (int) number(options, "value-bytes");
        int parallelism = (int) number(options, "parallelism");
        long checkpointSeconds = number(options, "checkpoint-s");
        long keysPerMegabyte = (1 << 20) / Math.max(1, valueBytes);

        Configuration conf = new Configuration();
        conf.setString("state.backend.type", options.get("backend"));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(conf);
        env.setParallelism(parallelism);
        env.disableOperatorChaining(); // a source task of its own has a records-out counter of its own
        if (checkpointSeconds > 0) {
            env.enableCheckpointing(checkpointSeconds * 1000);
        }
        Curve curve = new Curve(
                profile,
                number(options, "min-mb") * keysPerMegabyte / parallelism,
                number(options, "max-mb") * keysPerMegabyte / parallelism,
                number(options, "period-s"));
        DataGeneratorSource<Long> source = new DataGeneratorSource<>(
                new Keys(curve),
                Long.MAX_VALUE,
                RateLimiterStrategy.perSecond((double) number(options, "rate") * parallelism),
                Types.LONG);
        env.fromSource(source, WatermarkStrategy.noWatermarks(), "keys")
                .keyBy(new Magnitude(), Types.LONG)
                .process(new Store(valueBytes, (int) number(options, "garbage-bytes"), number(options, "read") != 0))
                .returns(Types.LONG)
                .name("store")
                .sinkTo(new DiscardingSink<>())
                .name("discard");
        env.execute("live-set-" + options.get("backend") + "-" + profile);
    }

    private static Map<String, String> parse(String[] args) {
        Map<String, String> options = new TreeMap<>();
        for (String[] option : DEFAULTS) {
            options.put(option[0], option[1]);
        }
        for (int i = 0; i < args.length; i += 2) {
            String name = args[i].startsWith("--") ? args[i].substring(2) : args[i];
            if (!options.containsKey(name) || i + 1 == args.length) {
                throw new IllegalArgumentException(args[i] + " is no option with a value; known: " + options.keySet());
            }
            options.put(name, args[i + 1]);
        }
        return options;
    }

    private static long number(Map<String, String> options, String name) {
        return Long.parseLong(options.get(name));
    }

    /** How many keys there should be, over time. */
    static class Curve implements java.io.Serializable {
        private final String profile;
        private final long low;
        private final long high;
        private final double period;

        Curve(String profile, long low, long high, double period) {
            if (!java.util.Arrays.asList("plateau", "grow", "wave", "steps").contains(profile)) {
                throw new IllegalArgumentException("profile " + profile + ": plateau, grow, wave or steps");
            }
            this.profile = profile;
            this.low = low;
            this.high = high;
            this.period = period;
        }

        long at(double seconds) {
            double share = 1;
            if (profile.equals("grow")) {
                share = Math.min(1, seconds / period);
            } else if (profile.equals("wave")) {
                share = (1 - Math.cos(2 * Math.PI * seconds / period)) / 2;
            } else if (profile.equals("steps")) {
                share = (long) (seconds / period) % 2;
            }
            return low + Math.round((high - low) * share);
        }
    }

    /** The key to write as a positive number, the key to drop as its negative. Live keys are 1..live, shifted. */
    static class Keys implements GeneratorFunction<Long, Long> {
        private final Curve curve;
        private transient Random random;
        private transient long shift;
        private transient long start;
        private transient long live;

        Keys(Curve curve) {
            this.curve = curve;
        }

        @Override
        public Long map(Long sequence) {
            if (random == null) { // once in each source task
                random = new Random();
                // Tasks must not share keys: the upper bits are the task's own, and the sum stays positive.
                shift = (long) random.nextInt(1 << 22) << 40;
                start = System.nanoTime();
            }
            long wanted = Math.max(1, curve.at((System.nanoTime() - start) / 1e9));
            if (live < wanted) {
                live++;
                return shift + live;
            }
            if (live > wanted) {
                return -(shift + live--);
            }
            return shift + 1 + (long) (random.nextDouble() * live);
        }
    }

    static class Magnitude implements KeySelector<Long, Long> {
        @Override
        public Long getKey(Long value) {
            return Math.abs(value);
        }
    }

    static class Store extends KeyedProcessFunction<Long, Long, Long> {
        private final int valueBytes;
        private final int garbageBytes;
        private final boolean read;
        private transient ValueState<byte[]> state;
        private transient Random random;
        // What is assigned here can't be optimised away, so garbage is really allocated and values really read.
        private transient volatile Object seen;

        Store(int valueBytes, int garbageBytes, boolean read) {
            this.valueBytes = valueBytes;
            this.garbageBytes = garbageBytes;
            this.read = read;
        }

        // Not in open(): its parameter differs between Flink 1.20 and 2.x, and one source serves both.
        private ValueState<byte[]> state() {
            if (state == null) {
                random = new Random();
                state = getRuntimeContext().getState(new ValueStateDescriptor<>(
                        "value", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
            }
            return state;
        }

        @Override
        public void processElement(Long key, Context context, Collector<Long> out) throws Exception {
            ValueState<byte[]> state = state();
            if (garbageBytes > 0) {
                seen = new byte[garbageBytes];
            }
            if (read) {
                seen = state.value();
            }
            if (key < 0) {
                state.clear();
            } else {
                byte[] value = new byte[valueBytes];
                random.nextBytes(value); // incompressible, or RocksDB would keep next to nothing
                state.update(value);
            }
            out.collect(key);
        }
    }
}

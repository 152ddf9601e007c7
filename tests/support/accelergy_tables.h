// CSV files as users of Accelergy's table-based plug-in have them, with round numbers.
#pragma once

#include <string>

#include "npusim/base/files.h"
#include "support/test_data.h"

namespace npusim::test {

class AccelergyTables {
public:
    AccelergyTables() {
        std::filesystem::create_directory(folder_ / "tables");
        write("intmac",
              "technology,latency,datawidth,num_pipeline_stages,action,energy,area\n"
              "45nm,5ns,8,2,mac_random,0.25,400\n"
              "45nm,5ns,8,2,mac_reused,0.125,400\n"
              "45nm,5ns,16,2,mac_random,1,0\n"
              "65nm,5ns,4,2,mac_random,0.5,0\n"
              "45nm,5ns,16,2,idle,0.0625,0\n");
        write("intmultiplier", "technology,datawidth,action,energy\n45nm,8,mult_random,0.5\n");
        write("intadder", "technology,datawidth,action,energy,area\n45nm,31,add,0.5,64\n45nm,16,add,0.125,\n");
        write("SRAM",
              "technology,width,depth,n_rd_ports,n_wr_ports,n_rd_wr_ports,n_banks,action,data_delta,address_delta,"
              "energy,area\n"
              "45nm,128,2048,0,0,1,1,read,1,1,16,500000\n"
              "45nm,128,2048,0,0,1,1,write,1,1,32,500000\n"
              "45nm,128,2048,0,0,1,1,read,0,1,8,500000\n"
              "45nm,256,1024,0,0,1,1,read,1,1,24,0\n"
              "45nm,64,512,1,1,0,1,read,1,1,4,0\n"
              "45nm,64,512,0,0,1,8,read,1,1,4,0\n");
        write("DRAM",
              "technology,width,type,action,energy\n45nm,64,LPDDR4,read,512\n45nm,64,LPDDR4,write,1024\n"
              "45nm,32,LPDDR6,write,64\n");
        write("wire", "technology,length,action,energy\n45nm,500um,transfer_random,0.125\n45nm,3,transfer_random,1\n");
        write("fpmac", "technology,exponent,mantissa,action,energy\n45nm,8,24,mac_random,8\n45nm,5,11,mac_random,4\n");
        write("counter", "technology,datawidth,action,energy\n45nm,8,count,1\n");
    }

    void write(const std::string& name, const std::string& text) const {
        write_whole_file(path() / (name + ".csv"), text);
    }
    void keep_only(const std::string& name) const {
        for (const auto& entry : std::filesystem::directory_iterator(path())) {
            if (entry.path().stem() != name) std::filesystem::remove(entry.path());
        }
    }
    [[nodiscard]] std::filesystem::path path() const { return folder_ / "tables"; }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

private:
    TemporaryFolder folder_;
};

}  // namespace npusim::test
